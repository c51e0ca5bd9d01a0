import type { CommitRecord } from '#protocol/commit'
import { BitList } from '#protocol/history'

/** One commit on its way from node to node: the same message for all of them. */
export interface GossipMessage {
  readonly kind: 'gossip'
  readonly record: CommitRecord
  /** How many commits were gossiped before it. */
  readonly number: number
  /** Slots of nodes that hold it, or held it in a life before. */
  readonly heardIn: BitList
  /** Links on which it came to a node that holds it; a link is numbered from that node. */
  readonly cameBy: BitList
}

/**
 * All commits that were gossiped. What nodes ask again and again of a few commits at a time is kept by commit, a bit for
 * each node and link: kept by node, each of a million questions would miss the processor's caches.
 */
export class GossipBook {
  readonly #messages = new Map<CommitRecord, GossipMessage>()
  /** By slot: commits that were gossiped before the node's present life; infinity while it is off. */
  readonly #since: number[] = []

  /** Number of commits so far. */
  get size(): number {
    return this.#messages.size
  }

  /** The node in a slot begins a life: what was gossiped before is heard anew. */
  begin(slot: number): void {
    while (this.#since.length < slot) this.#since.push(Infinity)
    this.#since[slot] = this.size
  }

  /** The life is over. */
  end(slot: number): void {
    if (slot < this.#since.length) this.#since[slot] = Infinity
  }

  /** True when a node that lives has the commit in its log, as far as it heard of it. */
  isHeard({ number, heardIn }: GossipMessage, slot: number): boolean {
    return number >= (this.#since[slot] ?? Infinity) && heardIn.has(slot)
  }

  /** The message that carries a commit. */
  messageOf(record: CommitRecord): GossipMessage {
    const known = this.#messages.get(record)
    if (known !== undefined) return known
    const number = this.#messages.size
    const made = { kind: 'gossip', record, number, heardIn: new BitList(), cameBy: new BitList() } as const
    this.#messages.set(record, made)
    return made
  }
}

/** What one node heard by gossip in one of its lives. */
export class HeardGossip {
  /** Commits that came by gossip and are not in the log yet: they wait, or were refused. */
  readonly #fresh = new Set<CommitRecord>()
  /** The one that is being taken in. */
  #coming: CommitRecord | null = null
  readonly #slot: number
  readonly #base: number
  /** By place in the log, from `#base`. */
  readonly #byOrder: (GossipMessage | null)[] = []

  /** `length`: of the log as the life begins. */
  constructor(book: GossipBook, slot: number, length: number) {
    this.#slot = slot
    book.begin(slot)
    this.#base = length
  }

  /** A commit came by gossip and is taken in now. */
  begin(record: CommitRecord): void {
    this.#coming = record
  }

  /** It was taken in, unless something keeps it from that. */
  end(): void {
    if (this.#coming !== null) this.#fresh.add(this.#coming)
    this.#coming = null
  }

  /** True, once, for a commit that came by gossip. */
  takeFresh(record: CommitRecord): boolean {
    if (record !== this.#coming) return this.#fresh.size > 0 && this.#fresh.delete(record)
    this.#coming = null
    return true
  }

  /** Forgets what is not in the log yet. */
  clear(): void {
    this.#fresh.clear()
  }

  /** Notes that a gossiped commit is in the log. */
  add(message: GossipMessage, order: number): void {
    message.heardIn.add(this.#slot)
    while (this.#byOrder.length <= order - this.#base) this.#byOrder.push(null)
    if (order >= this.#base) this.#byOrder[order - this.#base] = message
  }

  /**
   * True when the commit at a place of the log came by a link.
   *
   * @param since - size of the book when the link's session began: what came before may be gone at the peer
   */
  cameBy(link: number, order: number, since: number): boolean {
    const message = this.#byOrder[order - this.#base] ?? null
    return message !== null && message.number >= since && message.cameBy.has(link)
  }
}
