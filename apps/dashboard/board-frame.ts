/** What a node sends on a board's live connection. */
export type BoardFrame =
  | { kind: 'session'; session: number; clientId: number; canWrite: boolean }
  | { kind: 'update'; update: Uint8Array<ArrayBuffer> }
  | { kind: 'ack'; number: number }
  | { kind: 'refused'; number: number; code: string; message: string; next: string }

/** Subprotocol of live boards. */
export const BOARD_SUBPROTOCOL = 'coopmesh.board.1'

const SESSION = 0
const UPDATE = 1
const EDIT = 2
const ACK = 3
const REFUSED = 4

/** Reads one message of a node, or null when it is of no known shape (a newer node). */
export function readBoardFrame(buffer: ArrayBuffer): BoardFrame | null {
  if (buffer.byteLength === 0) return null
  const view = new DataView(buffer)
  const type = view.getUint8(0)
  if (type === UPDATE) return { kind: 'update', update: new Uint8Array(buffer, 1) }
  if (buffer.byteLength < 5) return null
  const number = view.getUint32(1)
  if (type === ACK) return { kind: 'ack', number }
  if (type === REFUSED) return readRefusal(number, new Uint8Array(buffer, 5))
  if (type !== SESSION || buffer.byteLength < 14) return null
  const clientId = view.getFloat64(5)
  if (!Number.isSafeInteger(clientId) || clientId < 0) return null
  return { kind: 'session', session: number, clientId, canWrite: view.getUint8(13) === 1 }
}

/** The message that carries one edit of this page. */
export function writeEditFrame(number: number, update: Uint8Array): Uint8Array<ArrayBuffer> {
  const frame = new Uint8Array(5 + update.length)
  const view = new DataView(frame.buffer)
  view.setUint8(0, EDIT)
  view.setUint32(1, number)
  frame.set(update, 5)
  return frame
}

function readRefusal(number: number, json: Uint8Array<ArrayBuffer>): BoardFrame {
  const refusal: BoardFrame = {
    kind: 'refused',
    number,
    code: 'refused',
    message: 'The node refused this change.',
    next: 'Write it again, or reload this page.',
  }
  try {
    const body: unknown = JSON.parse(new TextDecoder().decode(json))
    if (typeof body !== 'object' || body === null) return refusal
    for (const key of ['code', 'message', 'next'] as const) {
      const value: unknown = Reflect.get(body, key)
      if (typeof value === 'string') refusal[key] = value
    }
  } catch {
    return refusal
  }
  return refusal
}
