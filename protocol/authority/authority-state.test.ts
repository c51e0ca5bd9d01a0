import { expect, test } from 'vitest'
import { nodeCrypto, nodeSigner } from '#node/crypto'
import type { SectionContext } from '../document/index.ts'
import { encodeCanonical, toHex } from '../encoding/index.ts'
import { FOUNDING_SCOPE, SignatureRule, certifyDevice } from '../identity/index.ts'
import type { Signer } from '../identity/index.ts'
import { admissionMessage, inviteSigner } from './admission.ts'
import { AuthorityState } from './authority-state.ts'
import { INVITE_EXTENDED_USES_MAX, INVITE_USES_MAX, encodeAuthorityEntries } from './entries.ts'
import type { AdmitEntry, AuthorityEntry, GenesisEntry } from './entries.ts'
import { encodeGenesis } from './genesis.ts'
import { noBooks } from '../../test/actors/no-books.ts'

const crypto = nodeCrypto()
const sha256 = (bytes: Uint8Array): Uint8Array => Uint8Array.from(crypto.sha256(bytes))
const rule = new SignatureRule(crypto)
const signerOf = (fill: number): Signer => nodeSigner(new Uint8Array(32).fill(fill))
const [kit, founder, boKit, bo, stranger] = [signerOf(1), signerOf(2), signerOf(3), signerOf(4), signerOf(5)]

const genesisOf = (name: string, slots: number): Uint8Array =>
  encodeGenesis({
    name,
    kit: kit.publicKey,
    device: founder.publicKey,
    memberName: 'Ada',
    deviceName: 'nas',
    quorum: 'two-thirds',
    recovery: 'kits',
    slots,
    nonce: new Uint8Array(16),
    timeMs: 0,
  })
const record = genesisOf('North Market', 70)
const coop = sha256(record)
const genesis: GenesisEntry = {
  t: 'genesis',
  record,
  certificate: certifyDevice(kit, FOUNDING_SCOPE, founder.publicKey),
}
const invite = inviteSigner(new Uint8Array(16).fill(1), sha256)
const otherInvite = inviteSigner(new Uint8Array(16).fill(2), sha256)

/** An authority document and a pen that writes on it as any device. */
class Book {
  readonly state: AuthorityState
  readonly hidden = new Set<number>()
  #seqs = new Map<string, number>()
  readonly #written: { device: string; seq: number }[] = []
  /** What the next entries acknowledge of other devices. */
  knows: (device: string, seq: number) => boolean = () => true

  readonly #coop: Uint8Array

  constructor(id: Uint8Array = coop) {
    this.#coop = id
    this.state = new AuthorityState({
      ...{ coop: id, sha256, rule, cached: () => null, books: noBooks },
      isVisible: (order) => !this.hidden.has(order),
    })
  }

  /** 'ok' or the refusal; what is ok is applied. */
  write(signer: Signer, entry: AuthorityEntry, at?: number): string {
    return this.writeBytes(signer, encodeAuthorityEntries([entry]), at)
  }

  writeBytes(signer: Signer, payload: Uint8Array, at?: number, entries = 1): string {
    const device = toHex(signer.publicKey)
    const seq = at ?? this.#seqs.get(device) ?? 0
    const context: SectionContext = {
      document: 'authority',
      commit: sha256(encodeCanonical([device, seq])),
      device,
      seq,
      timeMs: 0,
      role: 'steward',
      member: '',
      entries,
      payload,
      admission: '',
      order: this.#written.length,
      stretch: { parent: null, rank: 0 },
      epoch: this.#coop,
      knows: () => true,
      isGood: () => true,
      relies: (order) => {
        const it = this.#written[order]
        return it !== undefined && (it.device === device ? it.seq <= seq : this.knows(it.device, it.seq))
      },
      follows: (order) => {
        const it = this.#written[order]
        return it !== undefined && it.device === device && it.seq < seq
      },
      find: () => -1,
      placeOf: () => ({ device: '', seq: 0 }),
      isAtOrAfter: () => false,
      forkSeq: () => Infinity,
      voidReason: () => null,
    }
    const verdict = this.state.check(context)
    if (!verdict.ok) return verdict.refusal
    verdict.apply()
    this.#seqs.set(device, seq + 1)
    this.#written.push({ device, seq })
    return 'ok'
  }
}

function founded(): Book {
  const book = new Book()
  expect(book.write(founder, genesis)).toBe('ok')
  return book
}

function inviteEntry(key: Uint8Array, uses = 1): AuthorityEntry {
  return { t: 'invite', key, role: 'venue', uses, expiresMs: 10 }
}

function admitEntry(changes: Partial<AdmitEntry> = {}, by: Signer = invite): AdmitEntry {
  const claim = {
    invite: invite.publicKey,
    device: bo.publicKey,
    kit: boKit.publicKey,
    memberName: 'Bo',
    deviceName: 'till',
  }
  const changed = { ...claim, ...changes }
  const proof = by.sign(admissionMessage(coop, changed, sha256))
  return { t: 'admit', ...changed, certificate: certifyDevice(boKit, coop, bo.publicKey), proof, ...changes }
}

test('a founded co-op has one steward device; an admitted device has the role of its invite', () => {
  const book = founded()
  expect(book.write(founder, inviteEntry(invite.publicKey))).toBe('ok')
  expect(book.write(founder, admitEntry())).toBe('ok')
  const devices = [...book.state.devices.values()].map(({ memberName, deviceName, role }) => [
    memberName,
    deviceName,
    role,
  ])
  expect(devices).toEqual([
    ['Ada', 'nas', 'steward'],
    ['Bo', 'till', 'venue'],
  ])
  expect(book.state.devices.get(toHex(bo.publicKey))?.member).toBe(toHex(boKit.publicKey))
})

test('entries: a section is exactly one known entry', () => {
  const book = founded()
  const two = encodeAuthorityEntries([inviteEntry(invite.publicKey), inviteEntry(otherInvite.publicKey)])
  expect(book.writeBytes(founder, two, undefined, 2)).toBe('entries')
  expect(book.writeBytes(founder, two)).toBe('entries')
  const bad = [
    { t: 'promote' },
    { t: 'revoke', key: new Uint8Array(31) },
    { t: 'revoke' },
    { t: 'constructor' },
  ]
  for (const entry of bad) expect(book.writeBytes(founder, encodeCanonical([entry]))).toBe('entries')
  for (const payload of [new Uint8Array(), Uint8Array.of(0x80), encodeCanonical({}), encodeCanonical([1])])
    expect(book.writeBytes(founder, payload)).toBe('entries')
})

test('entries: an invite gives an invitable role, 1 to 64 times', () => {
  const good = { t: 'invite', key: invite.publicKey, role: 'member', uses: INVITE_USES_MAX, expiresMs: 0 }
  expect(founded().writeBytes(founder, encodeCanonical([good]))).toBe('ok')
  const changes = [
    { uses: 0 },
    { uses: INVITE_USES_MAX + 1 },
    { role: 'steward' },
    { role: 'owner' },
    { role: null },
  ]
  for (const change of [...changes, { expiresMs: -1 }, { key: 'key' }, { extra: 1 }])
    expect(founded().writeBytes(founder, encodeCanonical([{ ...good, ...change }]))).toBe('entries')
})

test('entries: an admission has sound names, keys and signatures of the right length', () => {
  const book = founded()
  book.write(founder, inviteEntry(invite.publicKey))
  const changes: Partial<AdmitEntry>[] = [
    { memberName: '' },
    { memberName: 'x'.repeat(65) },
    { deviceName: 'a\u202eb' },
  ]
  changes.push(
    { device: new Uint8Array(31) },
    { certificate: new Uint8Array(63) },
    { proof: new Uint8Array(65) },
  )
  for (const change of changes) {
    const payload = encodeAuthorityEntries([{ ...admitEntry(), ...change }])
    expect(book.writeBytes(founder, payload)).toBe('entries')
  }
})

test('genesis: only once, only first, only the record that hashes to the co-op, only by its device', () => {
  expect(founded().write(founder, genesis)).toBe('genesis')
  expect(new Book().write(founder, genesis, 1)).toBe('genesis')
  expect(new Book().write(stranger, genesis)).toBe('genesis')
  expect(new Book().write(founder, { ...genesis, record: genesisOf('South Market', 70) })).toBe('genesis')
  const junk = Uint8Array.of(1, 2, 3)
  expect(new Book(sha256(junk)).write(founder, { ...genesis, record: junk })).toBe('genesis')
})

test('certificate: the founding device and every admitted one are certified by their kit, for this co-op', () => {
  const forCoop = certifyDevice(kit, coop, founder.publicKey)
  expect(new Book().write(founder, { ...genesis, certificate: forCoop })).toBe('certificate')
  const book = founded()
  book.write(founder, inviteEntry(invite.publicKey))
  const wrong = [
    certifyDevice(kit, coop, bo.publicKey),
    certifyDevice(boKit, FOUNDING_SCOPE, bo.publicKey),
    certifyDevice(boKit, coop, stranger.publicKey),
    new Uint8Array(64),
  ]
  for (const certificate of wrong)
    expect(book.write(founder, admitEntry({ certificate }))).toBe('certificate')
})

test('no-slots: the founder gives away as many admissions as the genesis says, and nobody else any', () => {
  const book = founded()
  expect(book.write(founder, inviteEntry(invite.publicKey, 64))).toBe('ok')
  expect(book.state.slotsOf(toHex(founder.publicKey))).toBe(6)
  expect(book.write(founder, inviteEntry(otherInvite.publicKey, 7))).toBe('no-slots')
  expect(book.write(founder, inviteEntry(otherInvite.publicKey, 6))).toBe('ok')
  expect(book.write(founder, inviteEntry(new Uint8Array(32), 1))).toBe('no-slots')
  expect(book.write(stranger, inviteEntry(new Uint8Array(32), 1))).toBe('no-slots')
  expect(new Book().write(founder, inviteEntry(invite.publicKey))).toBe('no-slots')
})

test('a revoked invite gives back the slots that nobody used', () => {
  const book = founded()
  book.write(founder, inviteEntry(invite.publicKey, 64))
  book.write(founder, admitEntry())
  expect(book.write(founder, { t: 'revoke', key: invite.publicKey })).toBe('ok')
  expect(book.state.slotsOf(toHex(founder.publicKey))).toBe(69)
  expect(book.write(founder, { t: 'revoke', key: invite.publicKey })).toBe('ok')
  expect(book.state.slotsOf(toHex(founder.publicKey))).toBe(69)
})

const extension = (uses: number, key = invite.publicKey): AuthorityEntry => ({ t: 'extend', key, uses })

test('an extended invite admits as many more, takes their slots, and gives back what nobody used', () => {
  const book = founded()
  const slots = (): number => book.state.slotsOf(toHex(founder.publicKey))
  const uses = (): unknown => book.state.invites.get(toHex(invite.publicKey))?.uses
  book.write(founder, inviteEntry(invite.publicKey))
  expect(book.write(founder, admitEntry())).toBe('ok')
  const hash = toHex(book.state.stateHash())
  expect(book.write(founder, extension(2))).toBe('ok')
  expect([uses(), slots()]).toEqual([3, 67])
  expect(toHex(book.state.stateHash())).not.toBe(hash)
  const device = stranger.publicKey
  expect(book.write(founder, admitEntry({ device, certificate: certifyDevice(boKit, coop, device) }))).toBe(
    'ok',
  )
  book.write(founder, { t: 'revoke', key: invite.publicKey })
  expect(slots()).toBe(68)
  expect(book.write(founder, inviteEntry(otherInvite.publicKey, 64))).toBe('ok')
  expect(book.write(founder, extension(5, otherInvite.publicKey))).toBe('no-slots')
  expect(book.write(founder, extension(4, otherInvite.publicKey))).toBe('ok')
})

test('an extension that is not shown does not count in what is shown', () => {
  const book = founded()
  book.write(founder, inviteEntry(invite.publicKey))
  book.write(founder, extension(2))
  book.hidden.add(2)
  book.state.visibilityChanged()
  expect(book.state.invites.get(toHex(invite.publicKey))?.uses).toBe(1)
})

test('an invite is extended by its issuer until it is revoked, each time by 1 to 64 uses, to 256 at most', () => {
  const book = new Book(sha256(genesisOf('Large Market', 300)))
  const large = { ...genesis, record: genesisOf('Large Market', 300) }
  expect(book.write(founder, large)).toBe('ok')
  expect(book.write(founder, extension(1))).toBe('invite-unknown')
  book.write(founder, inviteEntry(invite.publicKey))
  expect(book.write(stranger, extension(1))).toBe('invite-foreign')
  for (const entry of [extension(0), extension(INVITE_USES_MAX + 1), extension(1, new Uint8Array(31))])
    expect(book.write(founder, entry)).toBe('entries')
  const withMore = encodeCanonical([{ t: 'extend', key: invite.publicKey, uses: 1, role: 'member' }])
  expect(book.writeBytes(founder, withMore)).toBe('entries')
  for (const uses of [64, 64, 64]) expect(book.write(founder, extension(uses))).toBe('ok')
  const room = INVITE_EXTENDED_USES_MAX - 193
  expect(book.write(founder, extension(room + 1))).toBe('invite-full')
  expect(book.write(founder, extension(room))).toBe('ok')
  expect(book.write(founder, extension(1))).toBe('invite-full')
  book.write(founder, { t: 'revoke', key: invite.publicKey })
  expect(book.write(founder, extension(1))).toBe('invite-revoked')
})

test('invite-known: one key is one invite, even after it was revoked', () => {
  const book = founded()
  book.write(founder, inviteEntry(invite.publicKey))
  expect(book.write(founder, inviteEntry(invite.publicKey))).toBe('invite-known')
  book.write(founder, { t: 'revoke', key: invite.publicKey })
  expect(book.write(founder, inviteEntry(invite.publicKey))).toBe('invite-known')
})

test('invite-unknown and invite-foreign: an invite is used and revoked by the device that issued it', () => {
  const book = founded()
  expect(book.write(founder, { t: 'revoke', key: invite.publicKey })).toBe('invite-unknown')
  expect(book.write(founder, admitEntry())).toBe('invite-unknown')
  book.write(founder, inviteEntry(invite.publicKey))
  expect(book.write(stranger, { t: 'revoke', key: invite.publicKey })).toBe('invite-foreign')
  expect(book.write(stranger, admitEntry())).toBe('invite-foreign')
})

test('invite-revoked and invite-used: an ended invite admits nobody', () => {
  const book = founded()
  book.write(founder, inviteEntry(invite.publicKey))
  expect(book.write(founder, admitEntry())).toBe('ok')
  const again = admitEntry({ device: stranger.publicKey })
  expect(book.write(founder, again)).toBe('invite-used')
  book.write(founder, { t: 'revoke', key: invite.publicKey })
  expect(book.write(founder, again)).toBe('invite-revoked')
})

test('already-admitted: a device is not admitted twice by one who knows of the first time', () => {
  const book = founded()
  book.write(founder, inviteEntry(invite.publicKey, 3))
  expect(book.write(founder, admitEntry())).toBe('ok')
  expect(book.write(founder, admitEntry())).toBe('already-admitted')
  expect(book.write(founder, admitEntry({ device: founder.publicKey }))).toBe('already-admitted')
})

test('proof: the holder of the invite agreed to this device, kit and names in this co-op, and to no other', () => {
  const book = founded()
  book.write(founder, inviteEntry(invite.publicKey, 9))
  book.write(founder, inviteEntry(otherInvite.publicKey, 9))
  const honest = admitEntry()
  const thief = certifyDevice(boKit, coop, stranger.publicKey)
  expect(book.write(founder, { ...honest, device: stranger.publicKey, certificate: thief })).toBe('proof')
  const kitOfThief = certifyDevice(stranger, coop, bo.publicKey)
  expect(book.write(founder, { ...honest, kit: stranger.publicKey, certificate: kitOfThief })).toBe('proof')
  expect(book.write(founder, { ...honest, memberName: 'Eve' })).toBe('proof')
  expect(book.write(founder, { ...honest, deviceName: 'door' })).toBe('proof')
  expect(book.write(founder, { ...honest, memberName: 'till', deviceName: 'Bo' })).toBe('proof')
  expect(book.write(founder, { ...honest, invite: otherInvite.publicKey })).toBe('proof')
  expect(book.write(founder, admitEntry({}, otherInvite))).toBe('proof')
  const elsewhere = admissionMessage(sha256(coop), honest, sha256)
  expect(book.write(founder, { ...honest, proof: invite.sign(elsewhere) })).toBe('proof')
  expect(book.write(founder, honest)).toBe('ok')
})

test('a refusal changes nothing, a check alone changes nothing', () => {
  const book = founded()
  book.write(founder, inviteEntry(invite.publicKey))
  const { revision } = book.state
  const hash = toHex(book.state.stateHash())
  for (const entry of [inviteEntry(invite.publicKey), admitEntry({ proof: new Uint8Array(64) })])
    expect(book.write(founder, entry)).not.toBe('ok')
  expect([book.state.revision, toHex(book.state.stateHash())]).toEqual([revision, hash])
  book.write(founder, admitEntry())
  expect(toHex(book.state.stateHash())).not.toBe(hash)
})
