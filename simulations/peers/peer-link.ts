import { FRAME_BYTES_MAX, FrameSplitter, SyncSession } from '#protocol/sync'
import type { SessionInit, SessionInput, SessionOutput } from '#protocol/sync'

/** Answers that may wait before the peer's next frame is read, as in a node. */
export const ANSWERS_MAX = 64

/** Something that goes out in its turn: bytes to send, or places of the log to read. */
export type Outgoing = { bytes: Uint8Array } | { orders: number[]; answer: 'records' | 'payload-records' }

/** One side of a sync stream: the session, and what waits before and behind it. */
export class PeerLink {
  readonly peer: number
  readonly stream: number
  readonly session: SyncSession
  readonly splitter: FrameSplitter = new FrameSplitter(FRAME_BYTES_MAX)
  /** What waits for the disk or the stream; each with the batch that must be synced before. */
  readonly outgoing: { what: Outgoing; after: number }[] = []
  /** Frames that wait until answers are gone. */
  readonly inbox: Uint8Array[] = []
  /** Batches of records that wait until the disk has caught up. */
  readonly batches: (readonly Uint8Array[])[] = []
  isOpen = true
  /** The peer is outside: it gets acts of authority alone. */
  isOutside = false
  /** It asked for what it may not have: the stream ends as soon as it has handed in what it was asked for, as in a node. */
  isRefused = false
  #isStepping = false
  readonly #inputs: SessionInput[] = []
  readonly #carryOut: (output: SessionOutput) => void

  constructor(
    place: { peer: number; stream: number },
    init: SessionInit,
    carryOut: (output: SessionOutput) => void,
  ) {
    this.peer = place.peer
    this.stream = place.stream
    this.session = new SyncSession({ ...init, backlog: () => this.outgoing.length })
    this.#carryOut = carryOut
  }

  /** Hands inputs to the session one after the other; what comes meanwhile waits for its turn. Virtual time stands still. */
  step(input: SessionInput, nowMs: number): void {
    if (this.#isStepping) return void this.#inputs.push(input)
    this.#isStepping = true
    for (let next: SessionInput | undefined = input; next !== undefined; next = this.#inputs.shift()) {
      for (const output of this.session.handle(next, nowMs)) if (this.isOpen) this.#carryOut(output)
    }
    this.#isStepping = false
  }

  get isOver(): boolean {
    return this.isOpen && this.isRefused && !this.session.isAsking
  }

  /** The stream is over. */
  end(): void {
    this.isOpen = false
    this.session.end()
    this.outgoing.length = 0
    this.inbox.length = 0
    this.batches.length = 0
  }
}

/** The links on which anything waits, for the disk or for answers. */
export function waitingOf(links: ReadonlyMap<number, PeerLink>): readonly PeerLink[] {
  let waiting: PeerLink[] | null = null
  for (const link of links.values())
    if (link.batches.length + link.outgoing.length + link.inbox.length > 0) (waiting ??= []).push(link)
  return waiting ?? NONE
}

const NONE: readonly PeerLink[] = []
