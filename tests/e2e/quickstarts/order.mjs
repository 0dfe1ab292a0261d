const KEY = process.env.LONGVIDEO_KEY;
const res = await fetch(`${BASE}/v1/videos`, {
method: 'POST',
headers: {
Authorization: `Bearer ${KEY}`,
'Content-Type': 'application/json',
'Idempotency-Key': crypto.randomUUID(),
},
body: JSON.stringify({ prompt: '城市清晨的延时风光', duration: 30 }),
});
const { task_id } = await res.json();
