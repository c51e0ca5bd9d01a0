import { toHex } from '../encoding/index.ts'
import { signedMessage } from '../identity/index.ts'
import type { DocumentHost, SectionContext } from '../document/index.ts'
import { Trail } from './act.ts'
import type { Act, ActVerdict } from './act.ts'
import type { Admissions } from './admissions.ts'
import { addVoice, countOf } from './ballot.ts'
import type { Change } from './change.ts'
import type { RecoverEntry, KitsEntry } from './entries.ts'
import type { Epoch, EpochVotes } from './epoch.ts'
import { quorumOf } from './epoch.ts'
import type { EpochTree, HeldSeal } from './epochs.ts'
import { basisOf, outcomeOf } from './outcome.ts'
import type { Roster } from './roster.ts'
import { placeRefusal } from './seal-check.ts'
import { decodeSeal } from './seal-record.ts'
import type { Suspensions } from './suspensions.ts'

/** What recoveries stand on. */
export interface RecoveryParts {
  host: DocumentHost
  tree: EpochTree
  roster: Roster
  admissions: Admissions
  suspensions: Suspensions
  /** Enough electors have spoken. */
  commit(held: HeldSeal, votes: EpochVotes): void
  /** An elector has spoken for a recovery beyond what committed it. */
  weighAnew(): void
}

/** A record by which electors make stewards. */
export interface Rescue {
  readonly held: HeldSeal
  /** Id of the record, hex. */
  readonly name: string
  readonly bytes: Uint8Array
  readonly changes: readonly Change[]
  /** By attempt: electors, hex, and the commits in which they speak. */
  readonly voices: Map<number, Map<string, number[]>>
  isCommitted: boolean
}

/** Electors that make a recovery: more than two thirds, whatever the stewards' rule. */
export function recoveryQuorum(electors: number): number {
  return quorumOf(electors, 'two-thirds')
}

/** The bytes that a kit signs to speak for a recovery: co-op, attempt and id of the record. */
export function recoveryMessage(coop: Uint8Array, attempt: number, seal: Uint8Array): Uint8Array {
  const number = new Uint8Array(8)
  new DataView(number.buffer).setBigUint64(0, BigInt(attempt))
  return signedMessage('recovery', coop, number, seal)
}

/** Members make stewards when the stewards are gone. */
export class Recovery {
  readonly #parts: RecoveryParts
  readonly #rescues = new Map<Epoch, Map<string, Rescue>>()
  readonly #electors = new Map<Epoch, ReadonlySet<string>>()
  /** Seal (hex) that a chain spoke for, by device, epoch and attempt. */
  readonly #chains = new Trail<string>()
  /** What a kit said, by kit, epoch and attempt. */
  readonly #kits = new Map<string, { seal: string; order: number }[]>()

  constructor(parts: RecoveryParts) {
    this.#parts = parts
  }

  recover(entry: RecoverEntry, act: Act): ActVerdict {
    const { roster, admissions } = this.#parts
    if (act.cited.rules.recovery !== 'member-quorum') return 'recovery-rule'
    const own = admissions.of(act.device).filter((it) => act.knows(it.order) && it.member === act.member)
    const isClosed = roster.isClosed(act.device, own, act.cited)
    if (isClosed || !this.electorsOf(act.cited, act).has(act.member)) return 'not-elector'
    const key = `${act.device}/${act.cited.name}/${entry.attempt}`
    const before = this.#chains.before(act, key)
    const effect = this.#speak(entry, act, {
      elector: act.member,
      said: before === undefined ? [] : [before],
    })
    if (typeof effect === 'string') return effect
    return () => {
      this.#chains.add(act, effect(), key)
    }
  }

  kits(entry: KitsEntry, act: Act): ActVerdict {
    const { rule, coop, sha256 } = this.#parts.host
    if (act.cited.rules.recovery !== 'kits') return 'recovery-rule'
    const elector = toHex(entry.kit)
    if (!this.electorsOf(act.cited, act).has(elector)) return 'not-elector'
    const key = `${elector}/${act.cited.name}/${entry.attempt}`
    const known = (this.#kits.get(key) ?? []).filter((it) => act.knows(it.order))
    const effect = this.#speak(entry, act, { elector, said: known.map((it) => it.seal) })
    if (typeof effect === 'string') return effect
    const message = recoveryMessage(coop, entry.attempt, sha256(entry.seal))
    if (!rule.verify(entry.kit, message, entry.signature)) return 'proof'
    return () => {
      const said = this.#kits.get(key) ?? []
      this.#kits.set(key, said)
      said.push({ seal: effect(), order: act.order })
    }
  }

  /** Members (hex) who may recover after an epoch: the same for everybody who knows the epoch. */
  electorsOf(epoch: Epoch, graph: Pick<SectionContext, 'isAtOrAfter'>): ReadonlySet<string> {
    const known = this.#electors.get(epoch)
    if (known !== undefined) return known
    const { admissions, roster, tree } = this.#parts
    const isSettled = (issuer: string, order: number): boolean => {
      const end = tree.frontiers.at(issuer, epoch)
      return end !== undefined && graph.isAtOrAfter(end, order)
    }
    const electors = new Set<string>()
    for (const member of admissions.members())
      for (const it of admissions.ofMember(member)) {
        const isIn = it.device === it.issuer || isSettled(it.issuer, it.order)
        if (!isIn || roster.isClosed(it.device, [it], epoch)) continue
        if (roster.roleAt(it, epoch) !== 'observer') electors.add(member)
      }
    this.#electors.set(epoch, electors)
    return electors
  }

  /** Records that electors of an epoch have spoken for, as a child of it, in the order of this replica's log. */
  rescuesAt(epoch: Epoch): readonly Rescue[] {
    return [...(this.#rescues.get(epoch)?.values() ?? [])]
  }

  clear(): void {
    this.#rescues.clear()
    this.#electors.clear()
    this.#chains.clear()
    this.#kits.clear()
  }

  /** Judges what an elector says; what is valid does it, and tells the id (hex) of the record. */
  #speak(
    entry: RecoverEntry | KitsEntry,
    act: Act,
    { elector, said }: { elector: string; said: readonly string[] },
  ): Exclude<ActVerdict, () => void> | (() => string) {
    const { host, tree } = this.#parts
    const id = host.sha256(entry.seal).slice()
    const name = toHex(id)
    const bytes = entry.seal.slice()
    const record = decodeSeal(bytes)
    if (record?.changes === null || record === null) return 'record'
    const place = placeRefusal(record, act, host.coop)
    if (place !== null) return place
    const { changes } = record
    const basis = changes.map((change) => basisOf(change, act, this.#parts))
    const outcome = outcomeOf({ changes, basis, left: [], frontier: [] }, act.cited, {
      tree,
      roster: this.#parts.roster,
    })
    if (outcome === null) return 'decision-unfit'
    if (said.some((it) => it !== name)) return 'recovered-another'
    return () => {
      const empty = { proposal: null, frontier: [], forks: [], left: [] }
      const held = { id, parent: act.cited, isRecovery: true, ...empty, outcome }
      const rescues = this.#rescues.get(act.cited) ?? new Map<string, Rescue>()
      this.#rescues.set(act.cited, rescues)
      const rescue = rescues.get(name) ?? {
        ...{ held, name, bytes, changes, voices: new Map(), isCommitted: false },
      }
      rescues.set(name, rescue)
      addVoice(rescue.voices, entry.attempt, elector, act.order)
      this.#commit(rescue, entry.attempt, recoveryQuorum(this.electorsOf(act.cited, act).size))
      return name
    }
  }

  #commit(rescue: Rescue, attempt: number, quorum: number): void {
    if (rescue.isCommitted) return this.#parts.weighAnew()
    const voices = rescue.voices.get(attempt)
    if (voices === undefined || voices.size < quorum) return
    rescue.isCommitted = true
    const certificate = [...voices.values()].map((orders) => orders[0] ?? -1).sort((a, b) => a - b)
    this.#parts.commit(rescue.held, {
      certificate,
      isIn: (knows) =>
        certificate.every(knows) || [...rescue.voices.values()].some((it) => countOf(it, knows) >= quorum),
      attempt: () => Math.max(...[...rescue.voices].map(([at, by]) => (by.size >= quorum ? at : 0))),
      isDoubleSigner: () => false,
      signedBy: () => new Map(),
    })
  }
}
