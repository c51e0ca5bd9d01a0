import { recoveryQuorum } from '#protocol/authority'
import type { AuthorityState, Epoch, Rescue } from '#protocol/authority'
import type { History } from '#protocol/history'

/** Voices for one record in one attempt. Members by their keys, hex. */
export interface Tally {
  rescue: Rescue
  attempt: number
  voices: readonly string[]
  /** Electors who spoke for other records in this attempt, and so cannot join it. */
  elsewhere: readonly string[]
}

/** Who may make stewards after an epoch, and what they have said so far. */
export class RecoveryTally {
  readonly epoch: Epoch
  /** Members, hex. */
  readonly electors: ReadonlySet<string>
  /** Voices that a recovery takes. */
  readonly quorum: number
  readonly #rescues: readonly Rescue[]

  constructor(
    { authority, history }: { authority: AuthorityState; history: Pick<History, 'isAtOrAfter'> },
    epoch: Epoch = authority.epochs.tip,
  ) {
    this.epoch = epoch
    this.electors = authority.recovery.electorsOf(epoch, history)
    this.quorum = recoveryQuorum(this.electors.size)
    this.#rescues = authority.recovery.rescuesAt(epoch)
  }

  /** Records that are spoken for, each in the attempt in which it stands best; those with the most voices first. */
  running(): Tally[] {
    const best = this.#rescues.flatMap((rescue) => this.#reachable(rescue, null).slice(0, 1))
    return best.sort((a, b) => b.voices.length - a.voices.length || (a.rescue.name < b.rescue.name ? -1 : 1))
  }

  /**
   * Where an elector (hex) speaks for a record (hex): the attempt with the most voices in which a quorum can still come
   * about and the elector has said nothing else; a new attempt when there is none.
   */
  attemptFor(name: string, elector: string): number {
    const rescue = this.#rescues.find((it) => it.name === name)
    if (rescue !== undefined) return this.#reachable(rescue, elector)[0]?.attempt ?? this.#freshAttempt()
    const isSilent = (attempt: number): boolean => !this.#spokenBy(attempt, null).has(elector)
    const isOpen = (attempt: number): boolean => this.#canReach(this.#spokenBy(attempt, null).size)
    return this.#attempts().find((it) => isSilent(it) && isOpen(it)) ?? this.#freshAttempt()
  }

  /** True when an elector (hex) has spoken for a record (hex) in an attempt. */
  hasSpoken(name: string, elector: string, attempt: number): boolean {
    const rescue = this.#rescues.find((it) => it.name === name)
    return rescue?.voices.get(attempt)?.has(elector) ?? false
  }

  /** Electors (hex) by whose voices a record (hex) was committed; none when it was not. */
  committedBy(name: string): readonly string[] {
    const rescue = this.#rescues.find((it) => it.name === name)
    const quorums = [...(rescue?.voices.values() ?? [])].filter((it) => it.size >= this.quorum)
    return [...(quorums[0]?.keys() ?? [])].sort()
  }

  #reachable(rescue: Rescue, elector: string | null): Tally[] {
    return [...this.#attempts(), this.#freshAttempt()]
      .flatMap((attempt): Tally[] => {
        const voices = [...(rescue.voices.get(attempt)?.keys() ?? [])].sort()
        const elsewhere = [...this.#spokenBy(attempt, rescue)].filter((it) => !voices.includes(it)).sort()
        const isOut = elector !== null && this.#spokenBy(attempt, rescue).has(elector)
        return isOut || !this.#canReach(elsewhere.length) ? [] : [{ rescue, attempt, voices, elsewhere }]
      })
      .sort((a, b) => b.voices.length - a.voices.length || a.attempt - b.attempt)
  }

  #canReach(lost: number): boolean {
    return this.electors.size - lost >= this.quorum
  }

  /** Attempts in which somebody has spoken, ascending. */
  #attempts(): number[] {
    return [...new Set(this.#rescues.flatMap((it) => [...it.voices.keys()]))].sort((a, b) => a - b)
  }

  /** The first attempt in which nobody has spoken. */
  #freshAttempt(): number {
    const used = new Set(this.#attempts())
    let attempt = 0
    while (used.has(attempt)) attempt += 1
    return attempt
  }

  /** Electors (hex) who spoke in an attempt for another record than this one. */
  #spokenBy(attempt: number, but: Rescue | null): Set<string> {
    const others = this.#rescues.filter((it) => it !== but)
    return new Set(others.flatMap((it) => [...(it.voices.get(attempt)?.keys() ?? [])]))
  }
}
