/**
 * Longest wait of a write for a peer that could say how far this device's chain goes. A guess: on a local network a
 * connection and a comparison take under a second; a till that is cut off must sell again before people notice.
 */
export const ASK_TIMEOUT_MS = 3_000
/**
 * Longest wait of a write after a peer said that it knows of more, until what it knows is here and proven. A guess: a
 * day's commits of a co-op arrive in it. An honest peer is never wrong, and a write now would be a fork.
 */
export const CLAIM_TIMEOUT_MS = 10_000
/** Times that one peer's word is taken in the life of a node, so that a liar cannot stop a till. A guess. */
export const CLAIMS_PER_PEER_MAX = 3
/** How often a waiting write looks again. */
const LOOK_EVERY_MS = 25

/** Whether another device should be heard before this one writes: it may know own commits that are not here. */
export class HeadQuestion {
  readonly #canBeAnswered: () => boolean
  #isAsked = false
  /** By device (hex) that said that it knows more: until when that is waited for. */
  readonly #claims = new Map<string, number>()
  readonly #claimCounts = new Map<string, number>()

  /** `canBeAnswered`: false when no other device can be reached, so that waiting is of no use. */
  constructor(canBeAnswered: () => boolean) {
    this.#canBeAnswered = canBeAnswered
  }

  /** True while a write would wait. */
  get isOpen(): boolean {
    return this.#isAsked || this.#hasClaim()
  }

  /** From now on a write waits until a peer has compared heads with this device. */
  ask(): void {
    this.#isAsked = true
  }

  /** A peer has compared heads with this device; what it claimed before has come, or was not so. */
  answered(peer: string, isSettled: boolean): void {
    this.#isAsked = false
    if (isSettled) this.#claims.delete(peer)
  }

  /** A peer says that it has own commits of this device that are not here. */
  claimed(peer: string): void {
    if (this.#claims.has(peer)) return
    const count = (this.#claimCounts.get(peer) ?? 0) + 1
    this.#claimCounts.set(peer, count)
    if (count <= CLAIMS_PER_PEER_MAX) this.#claims.set(peer, performance.now() + CLAIM_TIMEOUT_MS)
  }

  /** Nothing is to be asked any more. */
  drop(): void {
    this.#isAsked = false
    this.#claims.clear()
  }

  /** Resolves once nothing is open, or nobody could answer, or it took too long. */
  async wait(): Promise<void> {
    const endMs = performance.now() + ASK_TIMEOUT_MS
    while (this.#isAsked && performance.now() < endMs && this.#canBeAnswered()) await pause()
    // Unanswered once is unanswered: the next write does not wait again.
    this.#isAsked = false
    while (this.#hasClaim()) await pause()
  }

  #hasClaim(): boolean {
    for (const [peer, untilMs] of this.#claims) if (untilMs <= performance.now()) this.#claims.delete(peer)
    return this.#claims.size > 0
  }
}

async function pause(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))
}
