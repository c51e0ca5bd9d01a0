import * as Y from 'yjs'
import { BoardState } from '#protocol/board'
import type { AuthorResult } from '#protocol/replica'
import type { MemoryNode } from '#simulations/mesh'

/** A page on a board of a node in memory: a copy of the board's Yjs document that takes and makes updates. */
export class BoardPage {
  readonly node: MemoryNode
  readonly document: string
  readonly session: number
  readonly state: BoardState
  readonly doc: Y.Doc = new Y.Doc()
  readonly #writer: number
  #isTaken = false

  /** `session`: one that the device used before and goes on with; by default a new one. */
  constructor(node: MemoryNode, document: string, session?: number) {
    this.node = node
    this.document = document
    this.state = boardOf(node, document)
    const admission = node.replica.standing?.admission ?? ''
    this.session = session ?? this.state.newSession(node.replica.device ?? '', admission)
    Y.applyUpdate(this.doc, Y.encodeStateAsUpdate(this.state.doc))
    this.#writer = this.state.writerOf(admission, this.session)
    this.doc.clientID = this.#writer
    this.state.doc.on('update', (update: Uint8Array) => {
      const [here, there] = [this.doc, this.state.doc].map((doc) => Y.getState(doc.store, this.#writer))
      if (here === there) Y.applyUpdate(this.doc, update, 'node')
      else this.#isTaken = true
    })
  }

  /** False once the board was made anew, or the session is written elsewhere: another page must be opened. */
  get isBound(): boolean {
    return this.node.replica.document(this.document) === this.state && !this.#isTaken
  }

  /** Signs what an edit makes; null when it makes nothing. */
  edit(change: (doc: Y.Doc) => void): AuthorResult | null {
    const update = this.updateOf(change)
    if (update === null) return null
    const payload = this.state.payloadOf(this.session, update)
    return this.node.author([{ document: this.document, entries: 1, payload }])
  }

  /** What an edit makes, in the names of this board. */
  updateOf(change: (doc: Y.Doc) => void): Uint8Array | null {
    const made: Uint8Array[] = []
    const collect = (update: Uint8Array): void => void made.push(update)
    this.doc.on('update', collect)
    this.doc.transact(() => change(this.doc))
    this.doc.off('update', collect)
    return made[0] ?? null
  }
}

/** The open board of a node. */
export function boardOf(node: MemoryNode, document: string): BoardState {
  const state = node.replica.openDocument(document)
  if (!(state instanceof BoardState)) throw new Error(`${document} is no board`)
  return state
}
