import * as Y from 'yjs'
import { BOARD_SUBPROTOCOL, readBoardFrame, writeEditFrame } from './board-frame.ts'
import type { BoardFrame } from './board-frame.ts'
import { moveEdits, textOf } from './board-document.ts'
import type { Problem } from './node-types.ts'

/** A board as the page knows it. */
export interface BoardLinkState {
  link: 'connecting' | 'live' | 'away'
  /** Null until the board has been received once. Another one after each reconnection. */
  doc: Y.Doc | null
  /** False also while it is not known yet. */
  canWrite: boolean
  /** Edits that the node has not confirmed as stored. */
  unsaved: number
  /** Edits that were given up, with the text as it stood on this page. */
  lost: (Problem & { text: string }) | null
}

/** Without a receipt for this long the connection counts as broken. A guess: a NAS that wakes its disks. */
export const RECEIPT_MS_MAX = 15_000
/** First pause before connecting again; it doubles up to RECONNECT_MS_MAX. */
export const RECONNECT_MS_MIN = 500
/** Longest pause before connecting again. */
export const RECONNECT_MS_MAX = 8_000

const FROM_NODE = Symbol('from the node')

/** The live connection of the page to one board: sends what is edited here, applies what others edit. */
export class BoardLink {
  #state: BoardLinkState = { link: 'connecting', doc: null, canWrite: false, unsaved: 0, lost: null }
  readonly #address: { url: string; token: string }
  readonly #onChange: (state: BoardLinkState) => void
  readonly #unsaved = new Set<number>()
  /** What the node told of the board, without what it has not stored yet. */
  #told = new Y.Doc()
  #socket: WebSocket | null = null
  #session: Extract<BoardFrame, { kind: 'session' }> | null = null
  /** True from the first update of a session to its end: only then do this page's edits belong to it. */
  #isBegun = false
  #number = 0
  #retryMs = RECONNECT_MS_MIN
  #retry: ReturnType<typeof setTimeout> | undefined
  #receipt: ReturnType<typeof setTimeout> | undefined
  #isClosed = false

  constructor(address: { url: string; token: string }, onChange: (state: BoardLinkState) => void) {
    this.#address = address
    this.#onChange = onChange
    this.#connect()
  }

  /** Tries now instead of at the end of the pause. */
  reconnect(): void {
    if (this.#socket === null && !this.#isClosed) this.#connect()
  }

  /** Takes the report of lost edits away. */
  dismissLost(): void {
    this.#set({ lost: null })
  }

  /** Ends the connection; nothing is reported afterwards. */
  close(): void {
    this.#isClosed = true
    this.#drop()
    this.#state.doc?.destroy()
  }

  #connect(): void {
    clearTimeout(this.#retry)
    const socket = new WebSocket(this.#address.url, [BOARD_SUBPROTOCOL, `token.${this.#address.token}`])
    socket.binaryType = 'arraybuffer'
    this.#socket = socket
    socket.addEventListener('message', (event) => {
      if (this.#socket !== socket || !(event.data instanceof ArrayBuffer)) return
      const frame = readBoardFrame(event.data)
      if (frame !== null) this.#receive(frame)
    })
    socket.addEventListener('close', () => {
      if (this.#socket === socket) this.#broken()
    })
  }

  #receive(frame: BoardFrame): void {
    switch (frame.kind) {
      case 'session':
        this.#session = frame
        return
      case 'update':
        if (this.#session === null) this.#apply(frame.update)
        else this.#begin(this.#session, frame.update)
        return
      case 'ack':
        this.#unsaved.delete(frame.number)
        this.#expectReceipt()
        this.#set({ unsaved: this.#unsaved.size })
        return
      case 'refused':
        this.#giveUp(frame)
    }
  }

  #apply(update: Uint8Array): void {
    if (this.#state.doc !== null) Y.applyUpdate(this.#state.doc, update, FROM_NODE)
    Y.applyUpdate(this.#told, update)
  }

  /** The first update of a session holds the whole board. */
  #begin(session: Extract<BoardFrame, { kind: 'session' }>, update: Uint8Array): void {
    this.#session = null
    this.#isBegun = true
    this.#retryMs = RECONNECT_MS_MIN
    const previous = this.#state.doc
    const doc = new Y.Doc()
    doc.clientID = session.clientId
    Y.applyUpdate(doc, update, FROM_NODE)
    doc.on('update', (edit: Uint8Array, _origin: unknown, _doc: Y.Doc, transaction: Y.Transaction) => {
      if (transaction.local) this.#send(edit)
    })
    const hadUnsaved = this.#unsaved.size > 0
    this.#unsaved.clear()
    if (previous !== null && hadUnsaved) {
      if (session.canWrite) moveEdits(this.#told, previous, doc)
      else this.#lose(previous, NO_RIGHT)
    }
    this.#told.destroy()
    this.#told = new Y.Doc()
    Y.applyUpdate(this.#told, update)
    this.#set({ link: 'live', doc, canWrite: session.canWrite, unsaved: this.#unsaved.size })
    previous?.destroy()
  }

  #send(edit: Uint8Array): void {
    this.#number += 1
    this.#unsaved.add(this.#number)
    // Edits made while away are not queued: a new session sends what is missing then.
    if (this.#isBegun && this.#socket?.readyState === WebSocket.OPEN) {
      this.#socket.send(writeEditFrame(this.#number, edit))
      if (this.#unsaved.size === 1) this.#expectReceipt()
    }
    this.#set({ unsaved: this.#unsaved.size })
  }

  #expectReceipt(): void {
    clearTimeout(this.#receipt)
    if (this.#unsaved.size > 0) this.#receipt = setTimeout(() => this.#broken(), RECEIPT_MS_MAX)
  }

  /** What was refused cannot be told apart from what was written after it, so all of it goes. */
  #giveUp(problem: Problem): void {
    if (this.#state.doc !== null) this.#lose(this.#state.doc, problem)
    this.#unsaved.clear()
    this.#drop()
    this.#connect()
  }

  #lose(doc: Y.Doc, { code, message, next }: Problem): void {
    this.#set({ lost: { code, message, next, text: textOf(doc).toJSON() } })
  }

  #broken(): void {
    this.#drop()
    this.#set({ link: 'away' })
    this.#retry = setTimeout(() => this.#connect(), this.#retryMs)
    this.#retryMs = Math.min(this.#retryMs * 2, RECONNECT_MS_MAX)
  }

  #drop(): void {
    clearTimeout(this.#retry)
    clearTimeout(this.#receipt)
    const socket = this.#socket
    this.#socket = null
    this.#session = null
    this.#isBegun = false
    socket?.close()
  }

  #set(change: Partial<BoardLinkState>): void {
    if (this.#isClosed) return
    this.#state = { ...this.#state, ...change }
    this.#onChange(this.#state)
  }
}

const NO_RIGHT: Problem = {
  code: 'role',
  message: 'This device may no longer write on this board.',
  next: 'Ask a steward of the co-op.',
}
