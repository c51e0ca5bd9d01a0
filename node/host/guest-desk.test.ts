import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { admissionMessage, inviteSigner } from '#protocol/authority'
import type { AdmitEntry, Invite } from '#protocol/authority'
import { toHex } from '#protocol/encoding'
import { certifyDevice, deviceText } from '#protocol/identity'
import { parseInviteLink } from '#protocol/invite'
import { nodeCrypto, nodeSigner } from '#node/crypto'
import { CoopNode } from './coop-node.ts'

const { sha256 } = nodeCrypto()
const HOUR_MS = 3_600_000
let folder: string
let node: CoopNode
let secret: Uint8Array
let invite: string

const keyOf = (n: number): ReturnType<typeof nodeSigner> => nodeSigner(new Uint8Array(32).fill(n))

/** A co-op with an invite for one, which guest 1 has used. */
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'coopmesh-guests-'))
  node = await open()
  await node.found('North Market', { memberName: 'Ada', deviceName: 'nas' })
  const made = await node.invite('venue', 1, HOUR_MS)
  const parsed = parseInviteLink(made.link)
  if (!parsed.ok) throw new Error(parsed.refusal)
  secret = parsed.link.secret
  invite = made.invite
  await wait(1, 'Bo')
  await node.guests.admit('Bo')
})
afterEach(async () => {
  await node.close()
  await rm(folder, { recursive: true, force: true })
})

async function open(): Promise<CoopNode> {
  return CoopNode.open({
    ...{ dataPath: folder, statePath: null, passphrase: undefined, port: 0, host: '127.0.0.1' },
    ...{ isMdnsOn: false, log: pino({ level: 'silent' }) },
  })
}

/** Guest n proves the invite and is put on the list. */
async function wait(n: number, memberName: string): Promise<number | null> {
  const { coop, waiting } = node.membership
  const signer = inviteSigner(secret, sha256)
  const [device, kit] = [keyOf(n).publicKey, keyOf(n + 100)]
  const claim = { invite: signer.publicKey, device, kit: kit.publicKey, memberName, deviceName: 'phone' }
  const proof = signer.sign(admissionMessage(coop, claim, sha256))
  const entry: AdmitEntry = { t: 'admit', ...claim, certificate: certifyDevice(kit, coop, device), proof }
  return waiting.add(entry, Date.now())
}

const names = (): string[] => node.guests.waiting().map((it) => it.name)
const isIn = (n: number): boolean =>
  node.membership.engine.replica.authority.devices.has(toHex(keyOf(n).publicKey))
const uses = (): Pick<Invite, 'uses' | 'used'> | undefined =>
  node.membership.engine.replica.authority.invites.get(invite)

test('who is let in is on the roster, by a use that was added; a use that is left is taken first', async () => {
  expect(isIn(1)).toBe(true)
  expect(uses()).toMatchObject({ uses: 1, used: 1 })
  expect(await wait(2, 'Vera')).toBe(1)
  expect(await wait(3, 'Nora')).toBe(2)
  expect(await node.guests.admit('Nora/phone')).toMatchObject([{ name: 'Nora', role: 'venue', place: 2 }])
  expect([isIn(2), isIn(3)]).toEqual([false, true])
  expect(uses()).toMatchObject({ uses: 2, used: 2 })
  expect(names()).toEqual(['Vera'])
})

test('all are let in, in the order in which they came; asked twice at once, each once', async () => {
  for (const n of [2, 3, 4]) await wait(n, `Guest ${n}`)
  const [first, second] = await Promise.all([node.guests.admit(null), node.guests.admit(null)])
  expect(first.map((it) => it.name)).toEqual(['Guest 2', 'Guest 3', 'Guest 4'])
  expect(second).toEqual([])
  expect(uses()).toMatchObject({ uses: 4, used: 4 })
})

test('the list outlives the process, with the places', async () => {
  await wait(3, 'Vera')
  await wait(2, 'Nora')
  await node.close()
  node = await open()
  expect(names()).toEqual(['Vera', 'Nora'])
  expect(await wait(2, 'Nora')).toBe(2)
  await node.guests.drop('Vera')
  expect(await wait(2, 'Nora')).toBe(1)
})

test('a guest is found by id, key, its beginning or name; of names that look alike none is taken', async () => {
  await wait(2, 'Nora')
  const device = toHex(keyOf(2).publicKey)
  for (const text of [deviceText(keyOf(2).publicKey), device, device.slice(0, 8), 'Nora']) {
    expect(await node.guests.drop(text)).toMatchObject({ name: 'Nora' })
    await wait(2, 'Nora')
  }
  await wait(3, 'N\u043Era')
  await expect(node.guests.admit('Nora')).rejects.toMatchObject({ code: 'name-ambiguous' })
  for (const text of ['Vera', device.slice(0, 7), ''])
    await expect(node.guests.admit(text)).rejects.toMatchObject({ code: 'device-unknown' })
  expect(names()).toHaveLength(2)
})

test('nobody waits for an invite that was revoked', async () => {
  await wait(2, 'Vera')
  await node.revoke(invite)
  expect(names()).toEqual([])
  await expect(node.guests.admit('Vera')).rejects.toMatchObject({ code: 'device-unknown' })
})

test('no-slots: without slots nobody is let in, and how many were is said', async () => {
  for (const n of [2, 3]) await wait(n, `Guest ${n}`)
  const { authority, device } = node.membership.engine.replica
  while (authority.slotsOf(device ?? '') > 1)
    await node.invite('member', Math.min(64, authority.slotsOf(device ?? '') - 1), HOUR_MS)
  await expect(node.guests.admit(null)).rejects.toMatchObject({
    ...{ code: 'no-slots', message: expect.stringContaining('1 let in, then') as unknown },
  })
  expect([isIn(2), isIn(3)]).toEqual([true, false])
})
