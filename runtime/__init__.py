"""What every process of ours needs: background loops and log lines. It knows nothing of films."""
