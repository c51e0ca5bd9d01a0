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

/** Who may make stewards after an epoch, and what they have said so far. Its work is linear in what was said. */
export class RecoveryTally {
  readonly epoch: Epoch
  /** Members, hex. */
  readonly electors: ReadonlySet<string>
  /** Voices that a recovery takes. */
  readonly quorum: number
  /** By name, hex. */
  readonly #rescues: ReadonlyMap<string, Rescue>
  /** By attempt: names of the records that each elector (hex) has spoken for; an honest one names one. */
  readonly #spoken = new Map<number, Map<string, string[]>>()

  constructor(
    { authority, history }: { authority: AuthorityState; history: Pick<History, 'isAtOrAfter'> },
    epoch: Epoch = authority.epochs.tip,
  ) {
    this.epoch = epoch
    this.electors = authority.recovery.electorsOf(epoch, history)
    this.quorum = recoveryQuorum(this.electors.size)
    this.#rescues = new Map(authority.recovery.rescuesAt(epoch).map((it) => [it.name, it]))
    for (const { name, voices } of this.#rescues.values())
      for (const [attempt, electors] of voices)
        for (const elector of electors.keys()) {
          const spoken = this.#spoken.get(attempt) ?? new Map<string, string[]>()
          this.#spoken.set(attempt, spoken.set(elector, [...(spoken.get(elector) ?? []), name]))
        }
  }

  /** Records that are spoken for, each in the attempt in which it stands best; those with the most voices first. */
  running(): Tally[] {
    const fresh = this.#freshAttempt()
    const best = [...this.#rescues.values()].map((rescue): Tally => {
      const attempt = this.#bestAttempt(rescue, null) ?? fresh
      return { rescue, attempt, ...this.#said(rescue, attempt) }
    })
    return best.sort((a, b) => b.voices.length - a.voices.length || (a.rescue.name < b.rescue.name ? -1 : 1))
  }

  /**
   * Where an elector (hex) speaks for a record (hex): the attempt with the most voices in which a quorum can still come
   * about and the elector has said nothing else; of a record that nobody has spoken for the first such one.
   */
  attemptFor(name: string, elector: string): number {
    const rescue = this.#rescues.get(name)
    if (rescue !== undefined) return this.#bestAttempt(rescue, elector) ?? this.#freshAttempt()
    const attempts = [...this.#spoken].sort(([a], [b]) => a - b)
    const free = attempts.find(([, spoken]) => !spoken.has(elector) && this.#canReach(spoken.size))
    return Math.min(free?.[0] ?? Infinity, this.#freshAttempt())
  }

  /** True when an elector (hex) has spoken for a record (hex) in an attempt. */
  hasSpoken(name: string, elector: string, attempt: number): boolean {
    return this.#rescues.get(name)?.voices.get(attempt)?.has(elector) ?? false
  }

  /** Electors (hex) by whose voices a record (hex) was committed; none when it was not. */
  committedBy(name: string): readonly string[] {
    const quorums = [...(this.#rescues.get(name)?.voices.values() ?? [])].filter(
      (it) => it.size >= this.quorum,
    )
    return [...(quorums[0]?.keys() ?? [])].sort()
  }

  /** Of the attempts in which a record has voices the one with the most that an elector (any, for null) may join. */
  #bestAttempt(rescue: Rescue, elector: string | null): number | null {
    let best: { attempt: number; count: number } | null = null
    for (const [attempt, { size: count }] of rescue.voices) {
      const { elsewhere, torn } = this.#said(rescue, attempt)
      const isOut = elector !== null && (elsewhere.includes(elector) || torn.includes(elector))
      if (isOut || !this.#canReach(elsewhere.length)) continue
      const isBetter = best === null || count > best.count || (count === best.count && attempt < best.attempt)
      if (isBetter) best = { attempt, count }
    }
    return best?.attempt ?? null
  }

  /** Who spoke for a record in an attempt, who for others, and who for both, by two devices. */
  #said(rescue: Rescue, attempt: number): Pick<Tally, 'voices' | 'elsewhere'> & { torn: string[] } {
    const said = [...(this.#spoken.get(attempt) ?? [])].sort(([a], [b]) => (a < b ? -1 : 1))
    const voices = said.filter(([, names]) => names.includes(rescue.name))
    return {
      voices: voices.map(([elector]) => elector),
      elsewhere: said.filter(([, names]) => !names.includes(rescue.name)).map(([elector]) => elector),
      torn: voices.filter(([, names]) => names.length > 1).map(([elector]) => elector),
    }
  }

  #canReach(lost: number): boolean {
    return this.electors.size - lost >= this.quorum
  }

  /** The first attempt in which nobody has spoken. */
  #freshAttempt(): number {
    let attempt = 0
    while (this.#spoken.has(attempt)) attempt += 1
    return attempt
  }
}
