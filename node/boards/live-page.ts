import * as Y from 'yjs'
import type { BoardState } from '#protocol/board'
import type { Engine } from '#node/engine'
import { asCoopError } from '#node/errors'
import { commitUpdate } from './board-writer.ts'

/** Edits of a page that may wait for the disk; a page that sends more is cut. */
const EDITS_MAX = 1_000

/** The wire of a page: a WebSocket, or an array in a test. */
export interface PageWire {
  send(message: Uint8Array): void
  close(reason: string): void
}

/** Types of the messages between a page and its node (first byte). */
export const PAGE_MESSAGE = { session: 0, update: 1, edit: 2, ack: 3, refused: 4 } as const

/** One page that shows and edits one board. A page is a writer session; what it sends is signed by the node. */
export class LivePage {
  readonly #engine: Engine
  readonly #board: BoardState
  readonly #wire: PageWire
  readonly #session: number
  #edits: { number: number; update: Uint8Array }[] = []
  #isWriting = false
  #isClosed = false
  readonly #forward = (update: Uint8Array): void => this.#wire.send(message(PAGE_MESSAGE.update, update))

  /** @param admission - the commit (hex) that admitted this device, as `Engine.admission` gives it */
  constructor(engine: Engine, board: BoardState, wire: PageWire, admission: string) {
    this.#engine = engine
    this.#board = board
    this.#wire = wire
    const device = engine.replica.device ?? ''
    this.#session = board.newSession(device, admission)
    const client = board.writerOf(admission, this.#session)
    const hello = new DataView(new ArrayBuffer(13))
    hello.setUint32(0, this.#session)
    hello.setFloat64(4, client)
    hello.setUint8(12, this.#canWrite() ? 1 : 0)
    wire.send(message(PAGE_MESSAGE.session, new Uint8Array(hello.buffer)))
    this.#forward(Y.encodeStateAsUpdate(board.doc))
    board.doc.on('update', this.#forward)
  }

  /** Takes one message of the page. */
  receive(bytes: Uint8Array): void {
    if (bytes[0] !== PAGE_MESSAGE.edit || bytes.length < 6 || this.#edits.length >= EDITS_MAX) {
      this.#wire.close('malformed message, or too many at once')
      return this.close()
    }
    const number = new DataView(bytes.buffer, bytes.byteOffset).getUint32(1)
    this.#edits.push({ number, update: bytes.slice(5) })
    if (!this.#isWriting) void this.#writeAll()
  }

  close(): void {
    this.#isClosed = true
    this.#board.doc.off('update', this.#forward)
  }

  /** One commit at a time; what was typed while it was written goes into the next. */
  async #writeAll(): Promise<void> {
    this.#isWriting = true
    while (this.#edits.length > 0 && !this.#isClosed) {
      const edits = this.#edits
      this.#edits = []
      try {
        const [first] = edits
        const update =
          edits.length === 1 && first !== undefined
            ? first.update
            : Y.mergeUpdates(edits.map((it) => it.update))
        await commitUpdate(this.#engine, this.#board, { session: this.#session, update })
        for (const { number } of edits) this.#wire.send(message(PAGE_MESSAGE.ack, uint32(number)))
      } catch (cause) {
        const body = new TextEncoder().encode(JSON.stringify(asCoopError(cause).toJSON().error))
        for (const { number } of edits) {
          this.#wire.send(message(PAGE_MESSAGE.refused, new Uint8Array([...uint32(number), ...body])))
        }
      }
    }
    this.#isWriting = false
  }

  #canWrite(): boolean {
    const { replica } = this.#engine
    if (this.#engine.writeRefusal?.code === 'key-superseded') return false
    const role = replica.authority.devices.get(replica.device ?? '')?.role
    return role !== undefined && role !== 'observer'
  }
}

function message(type: number, body: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(1 + body.length)
  bytes[0] = type
  bytes.set(body, 1)
  return bytes
}

function uint32(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value)
}
