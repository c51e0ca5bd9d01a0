import { AUTHORITY } from '#protocol/authority'
import type { CommitRecord } from '#protocol/commit'
import { openReplica } from '#protocol/coop'
import { toHex } from '#protocol/encoding'
import type { Replica } from '#protocol/replica'
import { crypto } from './keys.ts'
import type { RealWorld } from './real-world.ts'
import type { DeviceStanding, Roster } from './roster.ts'
import type { Subject } from './subject.ts'
import type { Commit } from './world.ts'

/** A replica of the product that takes commits one by one. */
export class ReplicaSubject implements Subject {
  readonly #replica: Replica
  readonly #world: RealWorld
  /** By commit, what became of its act. */
  readonly #verdicts: Map<string, string>
  /** What is stored, in the order of the log. */
  readonly #log: Commit[] = []

  constructor(world: RealWorld, replica: Replica = open(world)) {
    this.#world = world
    this.#replica = replica
    this.#verdicts = overhear(replica)
  }

  deliver(commit: Commit): string | null {
    const { stored, refused, waiting } = this.#replica.ingest([this.#recordOf(commit)])
    if (stored.length === 1) {
      this.#log.push(commit)
      return null
    }
    return refused[0]?.refusal ?? (waiting.length > 0 ? 'waiting' : 'duplicate')
  }

  verdict(commit: Commit): string | null {
    return commit.act === null ? null : (this.#verdicts.get(commit.id) ?? 'no-member')
  }

  roster(): Roster {
    return rosterIn(this.#replica)
  }

  /** The same replica, opened again from the rows of its index; then the authority document is folded. */
  reopened(): ReplicaSubject {
    const { history } = this.#replica
    const opened = open(this.#world, true)
    const again = new ReplicaSubject(this.#world, opened)
    again.#log.push(...this.#log)
    for (const [order, commit] of this.#log.entries()) {
      const { header, id } = this.#recordOf(commit)
      const { device, seq, epoch, sections } = header
      const links = { prev: history.prevOf(order), seen: history.seenOf(order) }
      const documents = sections.map((it) => it.document)
      if (!opened.restore({ device, seq, id, epoch, ...links, isSigned: true, documents }))
        throw new Error('a row does not follow')
    }
    const orders = opened.documentLog(AUTHORITY)?.next(Infinity) ?? []
    opened.documents.fold(
      AUTHORITY,
      orders.map((order) => ({ order, record: this.#recordOf(this.#log[order]) })),
    )
    return again
  }

  #recordOf(commit: Commit | undefined): CommitRecord {
    const record = commit === undefined ? undefined : this.#world.records.get(commit)
    if (record === undefined) throw new Error('a commit of another world')
    return record
  }
}

function open({ coop, keys }: RealWorld, isLazy = false): Replica {
  return openReplica({ coop, crypto, rule: keys.rule, signer: null, isLazy })
}

/** Listens to what the authority document says of acts as they are folded: `valid` or the refusal, by commit (hex). */
export function overhear({ authority }: Replica): Map<string, string> {
  const verdicts = new Map<string, string>()
  const check = authority.check.bind(authority)
  authority.check = (section) => {
    const verdict = check(section)
    // Before it is stored a founding commit is judged without a place.
    if (section.order >= 0) verdicts.set(toHex(section.commit), verdict.ok ? 'valid' : verdict.refusal)
    return verdict
  }
  return verdicts
}

function rosterIn({ authority }: Replica): Roster {
  const { tip } = authority.epochs
  const line: string[] = []
  for (let at = tip; ; at = at.parent) {
    line.unshift(at.name)
    if (at.parent === null) break
  }
  const devices: Record<string, DeviceStanding> = {}
  const members = new Set<string>()
  for (const [device, entry] of authority.devices) {
    for (const it of entry.admissions) if (!authority.roster.isVoid(it, tip)) members.add(it.member)
    devices[device] = {
      member: entry.member,
      role: authority.roleOf(device) ?? '',
      status: authority.statusOf(device) ?? '',
    }
  }
  return { line, stewards: Object.fromEntries(tip.stewards), members: [...members].sort(), devices }
}
