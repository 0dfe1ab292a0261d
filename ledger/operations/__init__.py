"""What an operator needs: webhooks to send, heartbeats, metrics, API keys."""
