// The connection: requests, and answers by their numbers.

let socket = null;
let lastNumber = 0;
const waiting = new Map();

/// Connects, again and again where the connection is lost.
export function connect(opened, lost) {
  socket = new WebSocket(new URL("live", location.href).href.replace(/^http/, "ws").replace(/#.*$/, ""));
  socket.binaryType = "arraybuffer";
  socket.onopen = opened;
  socket.onmessage = (event) => receive(event.data);
  socket.onclose = () => {
    waiting.clear();
    lost();
    setTimeout(() => connect(opened, lost), 2000);
  };
}

export function isConnected() { return socket !== null && socket.readyState === WebSocket.OPEN; }

/// Drops the answer to a request.
export function forget(number) { waiting.delete(number); }

/// Sends a request; `answered` gets the answer and its parts.
export function ask(want, members, answered) {
  lastNumber += 1;
  if (answered) waiting.set(lastNumber, answered);
  if (isConnected()) socket.send(JSON.stringify({ want, number: lastNumber, ...members }));
  return lastNumber;
}

function receive(data) {
  let answer;
  const parts = {};
  if (typeof data === "string") {
    answer = JSON.parse(data);
  } else {
    const length = new DataView(data).getUint32(0, true);
    answer = JSON.parse(new TextDecoder().decode(new Uint8Array(data, 4, length)));
    let place = 4 + length;
    for (const part of answer.parts) {
      // Runs are numbers of two bytes, whose place must be even.
      parts[part.name] = new Uint8Array(data.slice(place, place + part.bytes));
      place += part.bytes;
    }
  }
  const answered = waiting.get(answer.number);
  if (answer.done === undefined || answer.done === answer.total) waiting.delete(answer.number);
  if (answered) answered(answer, parts);
}
