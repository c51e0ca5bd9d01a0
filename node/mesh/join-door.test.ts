import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import {
  AUTHORITY,
  admissionMessage,
  encodeAuthorityEntries,
  inviteSigner,
  renewalMessage,
} from '#protocol/authority'
import type { AuthorityEntry } from '#protocol/authority'
import { foundCoop } from '#protocol/coop'
import { fromHex, toHex } from '#protocol/encoding'
import { certifyDevice } from '#protocol/identity'
import type { Signer } from '#protocol/identity'
import { encodeJoinRequest, encodeRenewalRequest } from '#protocol/invite'
import type { JoinAnswer, RenewalRequest } from '#protocol/invite'
import { nodeCrypto, nodeSigner } from '#node/crypto'
import { Engine } from '#node/engine'
import { CoopError } from '#node/errors'
import { CommitLog, LogBatch } from '#node/log'
import { Store } from '#node/store'
import { Pen } from '../../test/actors/pen.ts'
import { JoinDoor, RENEWALS_PER_MEMBER_MAX } from './join-door.ts'
import { WAITING_PER_INVITE_MAX, WaitingList } from './waiting-list.ts'

const crypto = nodeCrypto()
const { sha256 } = crypto
const log = pino({ level: 'silent' })
const draw = (): Signer => nodeSigner(new Uint8Array(randomBytes(32)))
const [founder, boKit, bo] = [draw(), draw(), draw()]
const secret = new Uint8Array(randomBytes(16))
let folder: string
let store: Store
let engine: Engine
let door: JoinDoor
let waiting: WaitingList
let coop: Uint8Array
let refusal: CoopError | null

/** A co-op whose founder has admitted Bo's till by an invite for two. */
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'coopmesh-door-'))
  store = await Store.open(join(folder, 'store'))
  const names = { name: 'North Market', memberName: 'Ada', deviceName: 'nas' }
  const nonce = new Uint8Array(randomBytes(16))
  const founding = foundCoop({ ...names, kit: draw(), device: founder, nonce, nowMs: Date.now() }, crypto)
  if (!founding.ok) throw new Error(founding.refusal)
  coop = founding.coop
  await store.write(
    new CommitLog({ store, sha256, log }, founding.replica).append(new LogBatch(founding.stored)),
  )
  refusal = null
  const gate = {
    get refusal() {
      return refusal
    },
    suspension: null,
    wait: async () => Promise.resolve(),
    foundElsewhere: () => null,
  }
  engine = await Engine.open({ store, crypto, signer: founder, coop, log, cached: () => null, gate })
  waiting = await WaitingList.open(store)
  door = new JoinDoor({ engine, genesis: founding.genesis, sha256, waiting, log })
  const key = inviteSigner(secret, sha256).publicKey
  const invite = { t: 'invite', key, role: 'venue', uses: 2, expiresMs: Date.now() + 60_000 } as const
  await write(invite)
  expect(await joinAs(bo, boKit)).toBe('ok')
})
afterEach(async () => {
  await engine.close()
  await store.close()
  await rm(folder, { recursive: true, force: true })
})

async function joinAs(device: Signer, kit: Signer): Promise<string> {
  const answer = await ask(device, kit)
  if ('place' in answer) return `${answer.refusal} ${answer.place}`
  return answer.ok ? 'ok' : answer.refusal
}

async function ask(device: Signer, kit: Signer): Promise<JoinAnswer> {
  const invite = inviteSigner(secret, sha256)
  const keys = { invite: invite.publicKey, kit: kit.publicKey }
  const claim = { ...keys, device: device.publicKey, memberName: 'Bo', deviceName: 'till' }
  const proof = invite.sign(admissionMessage(coop, claim, sha256))
  const certificate = certifyDevice(kit, coop, device.publicKey)
  return door.answer(encodeJoinRequest({ ...claim, certificate, proof }), device.publicKey)
}

function renewal(next: Signer, changes: Partial<RenewalRequest> = {}, kit: Signer = boKit): RenewalRequest {
  const keys = { device: next.publicKey, kit: kit.publicKey, replaces: bo.publicKey }
  const claim = { ...keys, memberName: 'Bo', deviceName: 'till', ...changes }
  const proof = next.sign(renewalMessage(coop, claim, sha256))
  return { ...claim, certificate: certifyDevice(kit, coop, next.publicKey), proof, ...changes }
}

async function renew(request: RenewalRequest, carrier: Signer = bo): Promise<string> {
  const answer = await door.answer(encodeRenewalRequest(request), carrier.publicKey)
  return answer.ok ? 'ok' : answer.refusal
}

test('a new key is admitted whoever brings its request, and once', async () => {
  const [next, third] = [draw(), draw()]
  expect(await renew(renewal(next), draw())).toBe('ok')
  const slots = engine.replica.authority.slotsOf(toHex(founder.publicKey))
  expect(await renew(renewal(next), bo)).toBe('ok')
  expect(engine.replica.authority.slotsOf(toHex(founder.publicKey))).toBe(slots)
  expect(await renew(renewal(third), third)).toBe('ok')
  expect(engine.replica.authority.devices.get(toHex(third.publicKey))?.role).toBe('venue')
})

test('kit-unknown: only for the kit of the replaced key, and for keys that have no other member', async () => {
  const stranger = draw()
  expect(await renew(renewal(draw(), {}, stranger))).toBe('kit-unknown')
  expect(await renew(renewal(draw(), { replaces: draw().publicKey }))).toBe('kit-unknown')
  expect(await renew(renewal(draw(), { replaces: founder.publicKey }))).toBe('kit-unknown')
  expect(await renew(renewal(founder))).toBe('kit-unknown')
})

test('proof: kit and new key have both signed this very request', async () => {
  const next = draw()
  expect(await renew({ ...renewal(next), certificate: new Uint8Array(64) })).toBe('proof')
  expect(await renew({ ...renewal(next), deviceName: 'door' })).toBe('proof')
  expect(engine.replica.authority.devices.has(toHex(next.publicKey))).toBe(false)
})

test('keys-used: one member cannot use up the slots of all by drawing keys', async () => {
  for (let i = 0; i < RENEWALS_PER_MEMBER_MAX; i += 1) expect(await renew(renewal(draw()))).toBe('ok')
  expect(await renew(renewal(draw()))).toBe('keys-used')
})

test('no-slots: a device that may not admit says so', async () => {
  const { slotsOf } = engine.replica.authority
  engine.replica.authority.slotsOf = () => 0
  expect(await renew(renewal(draw()))).toBe('no-slots')
  engine.replica.authority.slotsOf = slotsOf
})

test('failed: a device that must not write admits nobody', async () => {
  refusal = new CoopError('key-superseded', 'used elsewhere', 'Get a new key.')
  expect(await renew(renewal(draw()))).toBe('failed')
  refusal = null
  expect(await renew(renewal(draw()))).toBe('ok')
})

/** Commits of Bo's till that part after its first: proof of two histories. */
async function forkTill(): Promise<void> {
  const pen = new Pen(coop, bo)
  const { history, authority } = engine.replica
  const admission = authority.devices.get(toHex(bo.publicKey))?.admissions[0]?.commit ?? ''
  const order = history.find(fromHex(admission) ?? new Uint8Array(32))
  const id = history.idOf(order).slice()
  pen.write({ seen: [{ device: founder.publicKey, seq: history.seqOf(order), id }] })
  const records = [...pen.written, ...pen.more(1, 1)]
  pen.forget(1)
  engine.ingest([...records, ...pen.more(1, 2)])
  await engine.durable()
  expect(engine.suspensionOf(toHex(bo.publicKey))).toMatchObject({ seq: 1 })
}

test('a suspended key gets a new key admitted, whoever brings the request, and nothing else', async () => {
  await forkTill()
  const [next, third] = [draw(), draw()]
  expect(await renew(renewal(next), bo)).toBe('ok')
  expect(await renew(renewal(third), third)).toBe('ok')
  expect(engine.replica.authority.devices.get(toHex(next.publicKey))?.replaces).toBe(toHex(bo.publicKey))
  expect(await joinAs(bo, boKit)).toBe('suspended')
  expect(await renew(renewal(bo, { replaces: bo.publicKey }))).toBe('suspended')
})

test('door-suspended: a device that is suspended itself admits nobody', async () => {
  engine.suspensionOf = () => ({ device: '', reason: 'fork', seq: 1, commits: ['', ''] })
  expect(await renew(renewal(draw()))).toBe('door-suspended')
  expect(await joinAs(draw(), draw())).toBe('door-suspended')
})

test('a repeated join hears of its admission with the same kit, and with no other', async () => {
  expect(await joinAs(bo, boKit)).toBe('ok')
  expect(await joinAs(bo, draw())).toBe('kit-unknown')
})

test('a device joins with the kit of a member that is on the roster: the same member, another device', async () => {
  const second = draw()
  expect(await joinAs(second, boKit)).toBe('ok')
  const { devices } = engine.replica.authority
  expect(devices.get(toHex(second.publicKey))?.member).toBe(devices.get(toHex(bo.publicKey))?.member)
})

async function write(entry: AuthorityEntry): Promise<void> {
  await engine.append([{ document: AUTHORITY, entries: 1, payload: encodeAuthorityEntries([entry]) }])
}

test('an invite that is used up makes guests wait, each in its place, until it has room', async () => {
  expect(await joinAs(draw(), draw())).toBe('ok')
  const [vera, nora, kit] = [draw(), draw(), draw()]
  expect(await joinAs(vera, kit)).toBe('waiting 1')
  expect(await joinAs(nora, draw())).toBe('waiting 2')
  expect(await joinAs(vera, kit)).toBe('waiting 1')
  const { invites, devices } = engine.replica.authority
  const key = [...invites.values()][0]?.key ?? new Uint8Array()
  await write({ t: 'extend', key, uses: 1 })
  expect(await joinAs(vera, kit)).toBe('ok')
  expect(await joinAs(nora, draw())).toBe('waiting 1')
  expect(devices.size).toBe(4)
  await write({ t: 'revoke', key })
  expect(await joinAs(nora, draw())).toBe('invite-revoked')
})

test('of two that come at once for the last use one is admitted and one waits', async () => {
  const answers = await Promise.all([joinAs(draw(), draw()), joinAs(draw(), draw())])
  expect(answers.toSorted()).toEqual(['ok', 'waiting 1'])
})

test('who waits when the invite expires is told so still; who comes later is not put on the list', async () => {
  expect(await joinAs(draw(), draw())).toBe('ok')
  const [vera, kit] = [draw(), draw()]
  expect(await joinAs(vera, kit)).toBe('waiting 1')
  vi.useFakeTimers({ now: Date.now() + 120_000, toFake: ['Date'] })
  expect(await joinAs(vera, kit)).toBe('waiting 1')
  expect(await joinAs(draw(), draw())).toBe('invite-used')
  vi.useRealTimers()
})

test('a full list takes nobody more and keeps who came first; who is in makes room', async () => {
  expect(await joinAs(draw(), draw())).toBe('ok')
  const [first, kit] = [draw(), draw()]
  expect(await joinAs(first, kit)).toBe('waiting 1')
  for (let n = 2; n <= WAITING_PER_INVITE_MAX; n += 1)
    expect(await joinAs(draw(), draw())).toBe(`waiting ${n}`)
  expect(await joinAs(draw(), draw())).toBe('invite-used')
  expect(await joinAs(first, kit)).toBe('waiting 1')
  const key = inviteSigner(secret, sha256).publicKey
  await write({ t: 'extend', key, uses: 1 })
  expect(await joinAs(first, kit)).toBe('ok')
  expect(await joinAs(draw(), draw())).toBe(`waiting ${WAITING_PER_INVITE_MAX}`)
})

test('a request whose proof does not hold is not put on the list', async () => {
  expect(await joinAs(draw(), draw())).toBe('ok')
  const other = draw()
  const request = { invite: inviteSigner(secret, sha256).publicKey, kit: other.publicKey }
  const names = { memberName: 'Bo', deviceName: 'till' }
  const signatures = { certificate: new Uint8Array(64), proof: new Uint8Array(64) }
  const bytes = encodeJoinRequest({ ...request, ...names, ...signatures })
  expect(await door.answer(bytes, other.publicKey)).toEqual({ ok: false, refusal: 'proof' })
  expect(waiting.guests()).toEqual([])
})
