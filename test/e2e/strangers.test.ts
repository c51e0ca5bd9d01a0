import { randomBytes } from 'node:crypto'
import { peerIdFromString } from '@libp2p/peer-id'
import type { Connection } from '@libp2p/interface'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { nodeCrypto, nodeSigner } from '#node/crypto'
import { JOIN_PROTOCOL, STRANGERS_MAX, STRANGER_TIMEOUT_MS, SYNC_PROTOCOL } from '#node/mesh'
import { ASSET_PROTOCOL } from '#node/assets'
import { EXIT_CODES } from '#node/errors'
import type { membersView } from '#node/host'
import { inviteSigner } from '#protocol/authority'
import { encodeCanonical, fromHex, toHex } from '#protocol/encoding'
import { formatInviteLink, parseInviteLink } from '#protocol/invite'
import type { InviteLink } from '#protocol/invite'
import { SYNC_VERSION, encodeFrame, prefixFrame } from '#protocol/sync'
import type { ErrorBody, NodeProcess } from '../actors/node-process.ts'
import { RawPeer } from '../actors/raw-peer.ts'
import { until } from '../actors/until.ts'
import { Workbench } from '../actors/workbench.ts'

let bench: Workbench
let nas: NodeProcess
let coop: Uint8Array
const strangers: RawPeer[] = []

async function stranger(prologue: Uint8Array = coop): Promise<RawPeer> {
  const peer = await RawPeer.create({ seed: new Uint8Array(randomBytes(32)), coop: prologue })
  strangers.push(peer)
  return peer
}

/** Tries to join from a fresh folder by the command; gives the code of the failure, checked against the exit code. */
async function joinFailure(link: string): Promise<string> {
  const result = await bench.coop(`guest-${randomBytes(4).toString('hex')}`, 'join', link, '--json')
  const { error } = JSON.parse(result.stdout) as ErrorBody
  expect(result.code, result.stdout).toBe(new Map<string, number>(Object.entries(EXIT_CODES)).get(error.code))
  return error.code
}

function linkOf(text: string): InviteLink {
  const parsed = parseInviteLink(text)
  if (!parsed.ok) throw new Error(parsed.refusal)
  return parsed.link
}

function inviteOf(link: string): Uint8Array {
  return inviteSigner(linkOf(link).secret, nodeCrypto().sha256).publicKey
}

function keyOf(peerId: string): Uint8Array {
  const key = peerIdFromString(peerId).publicKey?.raw
  if (key === undefined) throw new Error('not an Ed25519 PeerId')
  return key
}

beforeAll(async () => {
  bench = await Workbench.open()
  nas = await bench.found('nas')
  coop = fromHex((await nas.status()).coop ?? '') ?? new Uint8Array()
})
afterAll(async () => {
  await Promise.all(strangers.map((peer) => peer.close()))
  await bench.close()
})

test('while no invite was ever made, an unknown key is refused at once', async () => {
  const peer = await stranger()
  const address = await nas.address()
  // The other side closes after the handshake: the dial fails, or its connection is gone at once.
  const connection = await peer.connect(address).catch(() => null)
  if (connection !== null) await until('the connection is gone', () => connection.status !== 'open', 2_000)
  expect((await nas.status()).peers).toBe(0)
})

test('a link to a device that never made an invite finds the door closed', async () => {
  const addresses = [(await nas.address()).replace(/\/p2p\/.*$/, '')]
  const link = { coop, secret: new Uint8Array(16), issuer: keyOf(nas.device), expiresMs: 2e12, addresses }
  expect(await joinFailure(formatInviteLink(link))).toBe('join-refused')
})

test.concurrent('an unknown key that says nothing is cut when its time is over', async () => {
  await nas.invite('venue')
  const peer = await stranger()
  const connection = await peer.connect(await nas.address())
  await connection.newStream(JOIN_PROTOCOL, { signal: AbortSignal.timeout(5_000) })
  await until('it is cut', () => connection.status !== 'open', STRANGER_TIMEOUT_MS + 10_000)
})

test.concurrent('an invite of one co-op is no use at a device of another', async () => {
  const link = linkOf(await nas.invite('venue'))
  expect(await joinFailure(formatInviteLink({ ...link, coop: new Uint8Array(32).fill(7) }))).toBe(
    'other-coop',
  )
})

test.concurrent('a device that answers with another key than the link says is not joined', async () => {
  const link = linkOf(await nas.invite('venue'))
  const issuer = nodeSigner(new Uint8Array(32).fill(7)).publicKey
  expect(await joinFailure(formatInviteLink({ ...link, issuer }))).toBe('other-coop')
})

test.concurrent('an invite with a forged secret is unknown', async () => {
  const link = linkOf(await nas.invite('venue'))
  expect(await joinFailure(formatInviteLink({ ...link, secret: new Uint8Array(16).fill(9) }))).toBe(
    'invite-unknown',
  )
})

test.concurrent('an expired invite says so', async () => {
  const link = await nas.invite('venue', { expiresMs: 1 })
  expect(await joinFailure(link)).toBe('invite-expired')
})

test.concurrent('a revoked invite says so', async () => {
  const link = await nas.invite('venue')
  await nas.api('DELETE', `/v1/invites/${toHex(inviteOf(link))}`)
  expect(await joinFailure(link)).toBe('invite-revoked')
})

test.concurrent('an invite for one is used up by the first; the second waits, is let in, and joins', async () => {
  const link = await nas.invite('venue')
  const first = await bench.coop('first', 'join', link, '--json')
  expect(first.code, first.stdout).toBe(0)
  const again = ['join', link, '--member', 'V\u0435ra', '--json'] as const
  const told = await bench.coop('second', ...again)
  expect(told.code, told.stdout).toBe(EXIT_CODES.waiting)
  expect((JSON.parse(told.stdout) as ErrorBody).error.message).toContain('number 1')
  expect(await joinFailure(link)).toBe('waiting')
  // A letter that looks like another is shown as what it is.
  const { stdout } = await bench.coop('nas', 'members')
  expect(stdout).toContain('1. V\\u{435}ra/')
  const admitted = await bench.coop('nas', 'invite', 'admit', 'V\u0435ra', '--json')
  expect(admitted.code, admitted.stdout).toBe(0)
  const joined = await bench.coop('second', ...again)
  expect(joined.code, joined.stdout).toBe(0)
  expect(JSON.parse(joined.stdout)).toMatchObject({ isSynced: true })
  const { waiting } = (await nas.api('GET', '/v1/members')) as ReturnType<typeof membersView>
  const left = waiting.filter((it) => it.invite === toHex(inviteOf(link)))
  expect(left).toHaveLength(1)
  const dropped = await bench.coop('nas', 'invite', 'drop', left[0]?.device ?? '')
  expect(dropped.code, dropped.stdout).toBe(0)
  expect(await bench.coop('nas', 'invite', 'admit')).toMatchObject({ code: EXIT_CODES.usage })
})

test.concurrent('an unreachable address says so, and that nothing was joined', async () => {
  const link = linkOf(await nas.invite('venue'))
  const text = formatInviteLink({ ...link, addresses: ['/ip4/127.0.0.1/tcp/1'] })
  expect(await joinFailure(text)).toBe('unreachable')
})

test.concurrent('a cut link is malformed', async () => {
  const link = await nas.invite('venue')
  expect(await joinFailure(link.slice(0, -9))).toBe('invite-malformed')
})

test.concurrent('while an invite is open, an unknown key gets no byte on any protocol but the join door', async () => {
  await nas.invite('venue')
  const peer = await stranger()
  const connection = await peer.connect(await nas.address())
  const zeros = new Uint8Array(32)
  const hello = encodeFrame({
    ...{ kind: 'hello', version: SYNC_VERSION, coop, authority: zeros, root: zeros },
    key: new Uint8Array(16),
    forks: zeros,
  })
  const short = toHex(coop.subarray(0, 8))
  const probes: [string, Uint8Array][] = [
    [SYNC_PROTOCOL, prefixFrame(hello)],
    [ASSET_PROTOCOL, prefixFrame(encodeCanonical(['stat', 'bafybeigdyrzt5']))],
    ['/meshsub/1.2.0', Uint8Array.of(0)],
    ['/meshsub/1.1.0', Uint8Array.of(0)],
    ['/floodsub/1.0.0', Uint8Array.of(0)],
    [`/coopmesh/kad/1/${short}`, Uint8Array.of(2, 8, 4)],
    ['/coopmesh/id/1.0.0', new Uint8Array()],
    ['/coopmesh/id/push/1.0.0', Uint8Array.of(0)],
    ['/ipfs/id/1.0.0', new Uint8Array()],
    ['/ipfs/ping/1.0.0', new Uint8Array(32)],
  ]
  const results = await Promise.all(
    probes.map(
      async ([protocol, bytes]) => [protocol, await peer.probe(connection, protocol, bytes)] as const,
    ),
  )
  for (const [protocol, probe] of results) expect(probe.bytes, protocol).toBe(0)
  // The connection was good for an answer all the time.
  expect((await peer.probe(connection, JOIN_PROTOCOL, prefixFrame(Uint8Array.of(0)))).bytes).not.toBe(0)
})

test('unknown keys beyond the limit wait outside', async () => {
  const address = await nas.address()
  const peers = await Promise.all(Array.from({ length: STRANGERS_MAX + 2 }, () => stranger()))
  const connections: (Connection | null)[] = []
  for (const peer of peers) connections.push(await peer.connect(address).catch(() => null))
  await until('two are turned away', () => {
    return connections.filter((it) => it?.status === 'open').length <= STRANGERS_MAX
  })
  expect(connections.filter((it) => it?.status === 'open')).not.toHaveLength(0)
  await Promise.all(peers.map((peer) => peer.close()))
})
