TASK=$(curl -s -X POST $BASE/v1/videos \
-H "Authorization: Bearer $KEY" \
-H "Content-Type: application/json" \
-d '{ "prompt": "城市清晨的延时风光", "duration": 30 }' | jq -r .task_id)
# 轮询直到 completed / failed
while true; do
curl -s $BASE/v1/videos/$TASK -H "Authorization: Bearer $KEY" | jq '{status, progress, shots_done, shots_total, result_url}'
sleep 5
done
