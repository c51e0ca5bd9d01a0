import type { Header } from '../commit/index.ts'
import { compareBytes, toHex } from '../encoding/index.ts'
import { FORKS_NAMED_MAX } from './limits.ts'

/** Two commits of one device behind the same commit: proof that the device signed two histories. */
export interface Fork {
  /** Device key, 32 bytes. */
  device: Uint8Array
  /** Seq of both. */
  seq: number
  /** The two commit ids, ascending. */
  ids: [Uint8Array, Uint8Array]
}

/** Why a commit does not follow from those before it in the file. */
export type ChainRefusal = 'commit-twice' | 'chain-link' | 'commit-order'

/** What is kept of one commit. */
interface Placed {
  id: Uint8Array
  author: Author
  seq: number
  /** Commits up to this one, without a gap, whose own signature is not good; 0 when its own is. */
  unsigned: number
  /** The first commit that followed on the chain. */
  next: Placed | null
}

interface Author {
  key: Uint8Array
  first: Placed | null
}

/**
 * Checks that commits form chains, in an order in which nothing stands before what it acknowledges, and that a good
 * signature covers each of them: its own or a later one of its chain. Keeps about 300 bytes a commit.
 */
export class ChainCheck {
  readonly #placed = new Map<string, Placed>()
  readonly #authors = new Map<string, Author>()
  /** Ends of chains whose own signature is not good, so far. */
  readonly #openEnds = new Set<Placed>()
  /** Acknowledged heads that the file has not shown. */
  readonly #missing = new Set<string>()
  readonly #forks: Fork[] = []
  #forkCount = 0
  #signed = 0
  #longestUnsigned = 0

  /** Number of commits. */
  get commits(): number {
    return this.#placed.size
  }

  /** Number of devices that wrote them. */
  get devices(): number {
    return this.#authors.size
  }

  /** Commits whose own signature is good. */
  get signed(): number {
    return this.#signed
  }

  /** Commits in a row, along their branch, that a later signature covers: the longest such stretch. */
  get longestUnsigned(): number {
    return this.#longestUnsigned
  }

  /** The first forks in the order of the file, 64 at most. */
  get forks(): readonly Fork[] {
    return this.#forks
  }

  /** Number of forks, named or not. */
  get forkCount(): number {
    return this.#forkCount
  }

  /** Acknowledged heads that are not in the file. */
  get acknowledgedElsewhere(): number {
    return this.#missing.size
  }

  /** The end of a chain that no good signature covers; null when there is none. To be asked behind the last commit. */
  get uncoveredEnd(): Uint8Array | null {
    for (const { id } of this.#openEnds) return id
    return null
  }

  /** Takes the next commit; `isSigned` when its own signature is good. Null when it follows. */
  add(id: Uint8Array, header: Header, isSigned: boolean): ChainRefusal | null {
    const name = toHex(id)
    const device = toHex(header.device)
    if (this.#placed.has(name)) return 'commit-twice'
    const author = this.#authors.get(device) ?? { key: header.device.slice(), first: null }
    const before = header.prev === null ? null : this.#placed.get(toHex(header.prev))
    if (before === undefined) return 'chain-link'
    if (before !== null && (before.author !== author || before.seq !== header.seq - 1)) return 'chain-link'
    if (this.#missing.has(headName(name, device, header.seq))) return 'commit-order'
    const unsigned = isSigned ? 0 : (before?.unsigned ?? 0) + 1
    this.#longestUnsigned = Math.max(this.#longestUnsigned, unsigned)
    this.#authors.set(device, author)
    for (const head of header.seen) this.#see(head)
    const placed = { id: id.slice(), author, seq: header.seq, unsigned, next: null }
    this.#placed.set(name, placed)
    this.#append(placed, before)
    return null
  }

  #see(head: Header['seen'][number]): void {
    const name = toHex(head.id)
    const device = toHex(head.device)
    const known = this.#placed.get(name)
    const isHere = known !== undefined && known.seq === head.seq && known.author === this.#authors.get(device)
    if (!isHere) this.#missing.add(headName(name, device, head.seq))
  }

  #append(placed: Placed, before: Placed | null): void {
    if (placed.unsigned === 0) this.#signed += 1
    else this.#openEnds.add(placed)
    if (before !== null) this.#openEnds.delete(before)
    const sibling = before === null ? placed.author.first : before.next
    if (sibling !== null) this.#noteFork(placed, sibling)
    else if (before === null) placed.author.first = placed
    else before.next = placed
  }

  #noteFork(a: Placed, b: Placed): void {
    this.#forkCount += 1
    if (this.#forks.length >= FORKS_NAMED_MAX) return
    const ids: Fork['ids'] = compareBytes(a.id, b.id) < 0 ? [a.id, b.id] : [b.id, a.id]
    this.#forks.push({ device: a.author.key, seq: a.seq, ids })
  }
}

function headName(id: string, device: string, seq: number): string {
  return `${id}${device}${seq}`
}
