import { nodeCrypto } from '#node/crypto'
import { AuthorityState, encodeAuthorityEntries, encodeGenesis, encodeSeal } from '#protocol/authority'
import type { AuthorityEntry, SealRecord } from '#protocol/authority'
import type { SectionContext } from '#protocol/document'
import { encodeCanonical, toHex } from '#protocol/encoding'
import { History } from '#protocol/history'
import { SignatureRule } from '#protocol/identity'
import { printFigure } from './figure.ts'
import { noBooks } from '../actors/no-books.ts'

const MEMBERS = 10_000
const ACTS = 50_000
const STEWARDS = 5
const QUORUM = 4
const SEALS = 300
const MORE_ACTS = 1_000

const crypto = nodeCrypto()
const sha256 = (bytes: Uint8Array): Uint8Array => Uint8Array.from(crypto.sha256(bytes))

/** Signatures cost what `catch-up` shows; here they count as checked. */
class CheckedRule extends SignatureRule {
  override verify(): boolean {
    return true
  }
}

interface Written {
  order: number
  id: Uint8Array
  device: number
  seq: number
  epoch: Uint8Array
  payload: Uint8Array
}

/** A co-op of many members with its log: invites, admissions, revocations, proposals, wills, ballots. */
class Log {
  readonly coop: Uint8Array
  readonly written: Written[] = []
  readonly history: History = new History(1)
  readonly #record: Uint8Array
  readonly #lengths = new Map<number, { seq: number; order: number }>()
  epoch: Uint8Array
  height = 0

  constructor() {
    this.#record = encodeGenesis({
      ...{ name: 'Bench', kit: keyOf(0, 1), device: keyOf(0, 0), memberName: 'Ada', deviceName: 'nas' },
      ...{ quorum: 'two-thirds', recovery: 'kits', slots: 1_000_000, nonce: new Uint8Array(16), timeMs: 0 },
    })
    this.coop = sha256(this.#record)
    this.epoch = this.coop
    this.write(0, { t: 'genesis', record: this.#record, certificate: SIGNATURE })
  }

  write(device: number, entry: AuthorityEntry, seen: readonly number[] = []): Written {
    const before = this.#lengths.get(device)
    const seq = before === undefined ? 0 : before.seq + 1
    const id = sha256(encodeCanonical([device, seq]))
    const key = keyOf(device, 0)
    const order = this.history.add({ device: key, seq, id, prev: before?.order ?? -1, seen })
    this.#lengths.set(device, { seq, order })
    const commit = { order, id, device, seq, epoch: this.epoch, payload: encodeAuthorityEntries([entry]) }
    this.written.push(commit)
    return commit
  }

  contextOf({ order, id, device, seq, epoch, payload }: Written): SectionContext {
    const { history } = this
    return {
      ...{ document: 'authority', commit: id, order, stretch: { parent: null, rank: 0 }, seq, timeMs: 0 },
      ...{ device: HEX[device] ?? '', member: KITS[device] ?? '', role: 'member', admission: '' },
      ...{ entries: 1, payload, epoch },
      relies: (it) => history.relies(order, it),
      knows: (it) => history.knows(order, it),
      isGood: () => true,
      follows: (it) => it !== order && history.isAtOrAfter(order, it),
      find: (it) => history.find(it),
      placeOf: (it) => ({ device: toHex(history.keyOf(history.deviceOf(it))), seq: history.seqOf(it) }),
      isAtOrAfter: (it, earlier) => history.isAtOrAfter(it, earlier),
      forkSeq: () => Infinity,
      voidReason: () => null,
    }
  }
}

/** Fold of an authority document of 10,000 members and 50,000 acts, signatures already checked. */
export async function benchAuthority(): Promise<void> {
  const log = madeLog()
  const state = new AuthorityState({
    ...{
      coop: log.coop,
      sha256,
      rule: new CheckedRule(crypto),
      cached: () => null,
      isVisible: () => true,
      books: noBooks,
    },
  })
  const acts = log.written.slice(0, ACTS)
  const coldMs = cpuMs(() => fold(log, state, acts))
  const more = log.written.slice(ACTS)
  const moreMs = cpuMs(() => fold(log, state, more)) / more.length
  const hashMs = cpuMs(() => state.stateHash())
  const { tip } = state.epochs
  const what = `${state.devices.size.toLocaleString('en')} members, ${tip.height} seals`
  printFigure('fold of 50,000 acts, cold', `${Math.round(coldMs)} ms`, `limit 1,000 ms; ${what}`)
  printFigure('one more act', `${moreMs.toFixed(3)} ms`, 'limit 1 ms')
  printFigure('state hash, when somebody asks', `${Math.round(hashMs)} ms`, 'once for all acts before')
}

function fold(log: Log, state: AuthorityState, commits: readonly Written[]): void {
  for (const commit of commits) {
    const verdict = state.check(log.contextOf(commit))
    if (!verdict.ok) throw new Error(`commit ${commit.order} was refused: ${verdict.refusal}`)
    verdict.apply()
  }
}

function madeLog(): Log {
  const log = new Log()
  let admitted = 0
  for (let i = 1; admitted < MEMBERS - 1; i += 1) {
    log.write(0, { t: 'invite', key: keyOf(i, 2), role: 'member', uses: 64, expiresMs: 0 })
    for (let use = 0; use < 64 && admitted < MEMBERS - 1; use += 1) {
      admitted += 1
      log.write(0, {
        ...{ t: 'admit', invite: keyOf(i, 2), device: keyOf(admitted, 0), kit: keyOf(admitted, 1) },
        ...{ memberName: `Member ${admitted}`, deviceName: 'till', certificate: SIGNATURE, proof: SIGNATURE },
      })
    }
  }
  const stewards = Array.from({ length: STEWARDS }, (_, i) => i)
  const changes = stewards
    .slice(1)
    .map((i) => ({ kind: 'steward', member: keyOf(i, 1), device: keyOf(i, 0) }) as const)
  seal(log, [0], { t: 'propose', changes, reason: '' })
  for (let i = 0; i < SEALS; i += 1) {
    const subject = keyOf(STEWARDS + i, 1)
    const change = { kind: 'role', member: subject, role: 'venue', scopes: null } as const
    seal(log, stewards.slice(0, QUORUM), { t: 'propose', changes: [change], reason: 'a stall' })
  }
  const head = log.written.at(-1)?.order ?? 0
  const ask = { t: 'propose', changes: [{ kind: 'floor', height: 1 }], reason: 'what is away' } as const
  for (let i = STEWARDS; i < MEMBERS; i += 1) log.write(i, ask, [head])
  // Half of what is left opens an invite, the other half ends one.
  for (let i = 0; log.written.length < ACTS + MORE_ACTS; i += 1) {
    const key = keyOf(i >> 1, 3)
    if (i % 2 === 0)
      log.write(0, { t: 'invite', key, role: 'member', uses: 1, expiresMs: 0 }, i === 0 ? [head] : [])
    else log.write(0, { t: 'revoke', key })
  }
  return log
}

/** Proposes, approves and commits a record; from then on all cite it. */
function seal(log: Log, stewards: readonly number[], entry: AuthorityEntry): void {
  const heads = (): number[] =>
    stewards.map((it) => log.written.findLast((commit) => commit.device === it)?.order ?? 0)
  const all = (make: () => AuthorityEntry): Written[] => {
    const seen = heads()
    return stewards.map((it, i) =>
      log.write(
        it,
        make(),
        seen.filter((_, j) => j !== i),
      ),
    )
  }
  const first = log.write(stewards[0] ?? 0, entry, heads().slice(1))
  const approvals = stewards.map((it, i) =>
    log.write(it, { t: 'approve', proposal: first.id }, i === 0 ? [] : [first.order]),
  )
  const record: SealRecord = {
    ...{
      coop: log.coop,
      parent: log.epoch,
      height: log.height + 1,
      frontier: [],
      forks: [],
      left: [],
      changes: null,
    },
    decision: {
      proposal: first.id,
      approvals: approvals.map((it) => it.id).sort((a, b) => (toHex(a) < toHex(b) ? -1 : 1)),
    },
  }
  const bytes = encodeSeal(record)
  all(() => ({ t: 'support', round: 0, seal: bytes }))
  all(() => ({ t: 'sign', round: 0, seal: sha256(bytes) }))
  log.epoch = sha256(bytes)
  log.height += 1
}

function cpuMs(run: () => void): number {
  const start = process.cpuUsage()
  run()
  const { user, system } = process.cpuUsage(start)
  return (user + system) / 1_000
}

function keyOf(n: number, purpose: number): Uint8Array {
  const key = new Uint8Array(32).fill(purpose + 1)
  new DataView(key.buffer).setUint32(0, n)
  return key
}

const SIGNATURE: Uint8Array = new Uint8Array(64)
const HEX: string[] = Array.from({ length: MEMBERS }, (_, i) => toHex(keyOf(i, 0)))
const KITS: string[] = Array.from({ length: MEMBERS }, (_, i) => toHex(keyOf(i, 1)))
