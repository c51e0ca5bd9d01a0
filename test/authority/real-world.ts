import {
  AUTHORITY,
  admissionMessage,
  encodeAuthorityEntries,
  encodeGenesis,
  encodeSeal,
  leaveMessage,
  recoveryMessage,
  renewalMessage,
} from '#protocol/authority'
import type { AuthorityEntry, Change as RealChange } from '#protocol/authority'
import { compareSeen, signCommit } from '#protocol/commit'
import type { CommitRecord, Section } from '#protocol/commit'
import type { Role } from '#protocol/document'
import { fromHex, toHex } from '#protocol/encoding'
import { FOUNDING_SCOPE, certifyDevice } from '#protocol/identity'
import { renamed } from './comparison.ts'
import type { Naming } from './comparison.ts'
import { crypto } from './keys.ts'
import type { Keys } from './keys.ts'
import { Oracle } from './oracle.ts'
import type { Rules } from './rules.ts'
import type { Act, Change, Commit, Genesis, SealRecord } from './world.ts'

const { sha256 } = crypto
const names = { memberName: 'Ada', deviceName: 'nas' }

/** A generated history in real bytes: what the oracle says of it goes by the ids that these have. */
export class RealWorld implements Naming {
  readonly genesis: Genesis
  readonly keys: Keys
  /** Bytes of each commit of the history under its real ids. */
  readonly records: Map<Commit, CommitRecord> = new Map()
  /** What the oracle says of it. */
  readonly oracle: Oracle
  readonly #coop: Uint8Array
  readonly #genesisBytes: Uint8Array
  readonly #made = new Map<string, CommitRecord>()
  readonly #seals = new Map<string, Uint8Array>()

  constructor(genesis: Genesis, commits: Iterable<Commit>, rules: Rules, keys: Keys) {
    this.keys = keys
    const { quorum, recovery, slots } = genesis
    const [device, member] = [this.device(genesis.device), this.member(genesis.member)]
    this.#genesisBytes = encodeGenesis({
      ...{ name: 'North Market', kit: bytes(member), device: bytes(device), ...names, quorum, recovery },
      ...{ slots, nonce: new Uint8Array(16), timeMs: 0 },
    })
    this.#coop = sha256(this.#genesisBytes)
    this.genesis = { ...genesis, coop: toHex(this.#coop), device, member }
    this.oracle = new Oracle(this.genesis, [], rules)
    for (const commit of renamed(commits, this.genesis.coop, this).values())
      this.records.set(commit, this.#made.get(commit.id) as CommitRecord)
  }

  get coop(): Uint8Array {
    return this.#coop
  }

  device(name: string): string {
    return toHex(this.keys.named(`device ${name}`).publicKey)
  }

  member(name: string): string {
    return toHex(this.keys.named(`member ${name}`).publicKey)
  }

  invite(name: string): string {
    return toHex(this.keys.named(`invite ${name}`).publicKey)
  }

  seal(record: Omit<SealRecord, 'id'>): string {
    const { parent, height, decision, changes } = record
    const encoded = encodeSeal({
      ...{ coop: this.#coop, parent: bytes(parent), height },
      decision:
        decision === null
          ? null
          : { proposal: bytes(decision.proposal), approvals: decision.approvals.map(bytes) },
      frontier: record.frontier.map(([device, seq, commit]) => ({
        ...{ device: bytes(device), seq, commit: bytes(commit) },
      })),
      forks: record.forks.map(([device, seq]) => ({ device: bytes(device), seq })),
      left: record.left.map(bytes),
      changes: changes === null ? null : changes.map(realChange),
    })
    const id = toHex(sha256(encoded))
    this.#seals.set(id, encoded)
    return id
  }

  commit(draft: Omit<Commit, 'id'>): string {
    const { device, seq, prev, seen, epoch, act } = draft
    const record = signCommit(
      {
        ...{ coop: this.#coop, device: bytes(device), seq, epoch: bytes(epoch), timeMs: 0 },
        prev: prev === null ? null : bytes(prev.id),
        seen: seen
          .map((it) => ({ device: bytes(it.device), seq: it.seq, id: bytes(it.id) }))
          .sort(compareSeen),
      },
      act === null ? [] : [this.#section(draft, act)],
      { signer: this.keys.holding(device), sha256 },
    )
    const id = toHex(record.id)
    this.#made.set(id, record)
    return id
  }

  added(commit: Commit): void {
    this.oracle.add(commit)
  }

  #section(draft: Omit<Commit, 'id'>, act: Act): Section {
    const payload = encodeAuthorityEntries([this.#entry({ ...draft, id: '' }, act)])
    return { document: AUTHORITY, entries: 1, payload }
  }

  #entry(commit: Commit, act: Act): AuthorityEntry {
    const coop = this.#coop
    switch (act.t) {
      case 'genesis': {
        const device = bytes(this.genesis.device)
        const certificate = certifyDevice(this.keys.holding(this.genesis.member), FOUNDING_SCOPE, device)
        return { t: 'genesis', record: this.#genesisBytes, certificate }
      }
      case 'invite':
        return { t: 'invite', key: bytes(act.key), role: act.role as Role, uses: act.uses, expiresMs: 0 }
      case 'extend':
        return { t: 'extend', key: bytes(act.key), uses: act.uses }
      case 'admit': {
        const claim = {
          invite: bytes(act.invite),
          device: bytes(act.device),
          kit: bytes(act.member),
          ...names,
        }
        return {
          ...{ t: 'admit', ...claim },
          certificate: certifyDevice(this.keys.holding(act.member), coop, claim.device),
          proof: this.keys.holding(act.invite).sign(admissionMessage(coop, claim, sha256)),
        }
      }
      case 'device': {
        const claim = { device: bytes(act.device), kit: bytes(act.member), replaces: null, ...names }
        return {
          ...{ t: 'device', ...claim },
          certificate: certifyDevice(this.keys.holding(act.member), coop, claim.device),
          proof: this.keys.holding(act.device).sign(renewalMessage(coop, claim, sha256)),
        }
      }
      case 'leave': {
        const member = act.withKit ? this.oracle.standingOf(commit)?.member : undefined
        const message = leaveMessage(coop, bytes(commit.device))
        return {
          t: 'leave',
          signature: member === undefined ? null : this.keys.holding(member).sign(message),
        }
      }
      case 'suspend':
        return { t: 'suspend', device: bytes(act.device), reason: '' }
      case 'propose':
        return { t: 'propose', changes: act.changes.map(realChange), reason: '' }
      case 'approve':
      case 'decline':
        return { t: act.t, proposal: bytes(act.proposal) }
      case 'support':
        return { t: 'support', round: act.round, seal: this.#seals.get(act.seal.id) as Uint8Array }
      case 'sign': {
        const seal = this.#isSupported(commit, act.seal) ? bytes(act.seal.id) : this.#seals.get(act.seal.id)
        return { t: 'sign', round: act.round, seal: seal as Uint8Array }
      }
      case 'advance':
        return { t: 'advance', parent: bytes(commit.epoch), round: act.round }
      case 'recover':
        return { t: 'recover', attempt: act.attempt, seal: this.#seals.get(act.seal.id) as Uint8Array }
      case 'kits': {
        const message = recoveryMessage(coop, act.attempt, bytes(act.seal.id))
        return {
          ...{ t: 'kits', attempt: act.attempt, seal: this.#seals.get(act.seal.id) as Uint8Array },
          ...{ kit: bytes(act.member), signature: this.keys.holding(act.member).sign(message) },
        }
      }
    }
  }

  /** Whether the past holds a support of the record, so that its id is enough. */
  #isSupported(commit: Commit, { id }: SealRecord): boolean {
    return [...this.oracle.before(commit)].some(
      (it) =>
        it.act?.t === 'support' &&
        it.act.seal.id === id &&
        it.epoch === commit.epoch &&
        this.oracle.isValid(it),
    )
  }
}

function bytes(hex: string): Uint8Array {
  return fromHex(hex) as Uint8Array
}

function realChange(change: Change): RealChange {
  switch (change[0]) {
    case 'remove':
    case 'demote':
      return { kind: change[0], member: bytes(change[1]) }
    case 'close':
      return { kind: 'close', device: bytes(change[1]) }
    case 'steward':
      return { kind: 'steward', member: bytes(change[1]), device: bytes(change[2]) }
    case 'role':
      return { kind: 'role', member: bytes(change[1]), role: change[2] as Role, scopes: null }
    case 'rules':
      return { kind: 'rules', quorum: change[1], recovery: change[2] }
    case 'slots':
      return { kind: 'slots', device: bytes(change[1]), count: change[2] }
    case 'lift':
      return { kind: 'lift', commit: bytes(change[1]) }
    case 'settle':
      return { kind: 'settle', device: bytes(change[1]), seq: change[2], commit: bytes(change[3]) }
    case 'floor':
      return { kind: 'floor', height: change[1] }
  }
}
