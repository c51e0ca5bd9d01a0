import { expect, test } from 'vitest'
import { nodeCrypto, nodeSigner } from '#node/crypto'
import type { SectionContext } from '../document/index.ts'
import { encodeCanonical, toHex } from '../encoding/index.ts'
import { FOUNDING_SCOPE, SignatureRule, certifyDevice } from '../identity/index.ts'
import type { Signer } from '../identity/index.ts'
import { admissionMessage, inviteSigner } from './admission.ts'
import { AuthorityState } from './authority-state.ts'
import { encodeAuthorityEntries } from './entries.ts'
import type { AuthorityEntry, RenewalEntry } from './entries.ts'
import { encodeGenesis } from './genesis.ts'
import { renewalMessage } from './renewal.ts'
import { noBooks } from '../../test/actors/no-books.ts'

const crypto = nodeCrypto()
const sha256 = (bytes: Uint8Array): Uint8Array => Uint8Array.from(crypto.sha256(bytes))
const rule = new SignatureRule(crypto)
const signerOf = (fill: number): Signer => nodeSigner(new Uint8Array(32).fill(fill))
const [kit, founder, boKit, bo] = [signerOf(1), signerOf(2), signerOf(3), signerOf(4)]
const [boNext, boThird, stranger] = [signerOf(5), signerOf(6), signerOf(7)]
const invite = inviteSigner(new Uint8Array(16).fill(1), sha256)

const genesisOf = (slots: number): Uint8Array =>
  encodeGenesis({
    ...{ name: 'North Market', memberName: 'Ada', deviceName: 'nas', quorum: 'two-thirds', recovery: 'kits' },
    ...{ kit: kit.publicKey, device: founder.publicKey, slots, nonce: new Uint8Array(16), timeMs: 0 },
  })

/** A co-op of Ada, who founded it, and of Bo, whose till is a venue; a pen that writes as any device. */
class Book {
  readonly coop: Uint8Array
  readonly state: AuthorityState
  readonly #seqs = new Map<string, number>()
  readonly #written: { device: string; seq: number }[] = []
  /** What the next entries acknowledge. */
  knows: (device: string, seq: number) => boolean = () => true

  constructor(slots = 10) {
    const record = genesisOf(slots)
    this.coop = sha256(record)
    this.state = new AuthorityState({
      ...{ coop: this.coop, sha256, rule, cached: () => null, books: noBooks },
      isVisible: () => true,
    })
    const certificate = certifyDevice(kit, FOUNDING_SCOPE, founder.publicKey)
    expect(this.write(founder, { t: 'genesis', record, certificate })).toBe('ok')
    const key = invite.publicKey
    expect(this.write(founder, { t: 'invite', key, role: 'venue', uses: 1, expiresMs: 0 })).toBe('ok')
    const names = { memberName: 'Bo', deviceName: 'till' }
    const claim = { invite: key, device: bo.publicKey, kit: boKit.publicKey, ...names }
    const proof = invite.sign(admissionMessage(this.coop, claim, sha256))
    const certified = certifyDevice(boKit, this.coop, bo.publicKey)
    expect(this.write(founder, { t: 'admit', ...claim, certificate: certified, proof })).toBe('ok')
  }

  /** 'ok' or the refusal; what is ok is applied. */
  write(signer: Signer, entry: AuthorityEntry): string {
    return this.writeBytes(signer, encodeAuthorityEntries([entry]))
  }

  writeBytes(signer: Signer, payload: Uint8Array): string {
    const device = toHex(signer.publicKey)
    const seq = this.#seqs.get(device) ?? 0
    const context: SectionContext = {
      ...{ document: 'authority', commit: sha256(encodeCanonical([device, seq])), device, seq, timeMs: 0 },
      ...{ role: 'steward', member: '', admission: '', entries: 1, payload },
      order: this.#written.length,
      stretch: { parent: null, rank: 0 },
      epoch: this.coop,
      knows: () => true,
      isGood: () => true,
      relies: (order) => {
        const it = this.#written[order]
        return it !== undefined && this.knows(it.device, it.seq)
      },
      follows: (order) => this.#written[order]?.device === device,
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

  /** The entry that admits Bo's next key, as an honest device makes it, with some fields changed before it is signed. */
  renewal(changes: Partial<RenewalEntry> = {}, by: Signer = boNext, kitOf: Signer = boKit): RenewalEntry {
    const keys = { device: by.publicKey, kit: kitOf.publicKey, replaces: bo.publicKey }
    const claim = { ...keys, memberName: 'Bo', deviceName: 'till', ...changes }
    const proof = by.sign(renewalMessage(this.coop, claim, sha256))
    const certificate = certifyDevice(kitOf, this.coop, claim.device)
    return { t: 'device', ...claim, certificate, proof, ...changes }
  }

  slots(): number {
    return this.state.slotsOf(toHex(founder.publicKey))
  }
}

test('a new key of a member has the role of the key that it replaces, and takes one slot of who admits it', () => {
  const book = new Book()
  expect(book.slots()).toBe(9)
  expect(book.write(founder, book.renewal())).toBe('ok')
  expect(book.slots()).toBe(8)
  const [old, next] = [bo, boNext].map((it) => book.state.devices.get(toHex(it.publicKey)))
  expect(next).toMatchObject({ role: 'venue', memberName: 'Bo', member: toHex(boKit.publicKey) })
  expect(next?.replaces).toBe(toHex(bo.publicKey))
  expect(old).toMatchObject({ role: 'venue', replaces: null })
})

test('both copies of a folder can get a new key, and a new key can be replaced in turn', () => {
  const book = new Book()
  expect(book.write(founder, book.renewal())).toBe('ok')
  expect(book.write(founder, book.renewal({}, boThird))).toBe('ok')
  const fourth = signerOf(8)
  expect(book.write(founder, book.renewal({ replaces: boNext.publicKey }, fourth))).toBe('ok')
  expect(book.state.devices.get(toHex(fourth.publicKey))?.role).toBe('venue')
})

test('entries: a renewal has sound names, keys and signatures of the right length, and nothing else', () => {
  const book = new Book()
  const good = book.renewal()
  const changes: object[] = [
    { memberName: '' },
    { memberName: 'x'.repeat(65) },
    { deviceName: 'a\u202eb' },
    { device: new Uint8Array(31) },
    { kit: new Uint8Array(33) },
    { replaces: new Uint8Array(31) },
    { certificate: new Uint8Array(63) },
    { proof: new Uint8Array(65) },
    { role: 'steward' },
  ]
  for (const change of changes)
    expect(book.writeBytes(founder, encodeCanonical([{ ...good, ...change }]))).toBe('entries')
})

test('no-slots: only a device that may admit one more admits a new key', () => {
  const book = new Book(2)
  expect(book.write(bo, book.renewal())).toBe('no-slots')
  expect(book.write(founder, book.renewal())).toBe('ok')
  expect(book.slots()).toBe(0)
  expect(book.write(founder, book.renewal({}, boThird))).toBe('no-slots')
  const full = new Book(1)
  expect(full.write(founder, full.renewal())).toBe('no-slots')
})

test('what new keys took is not there for invites', () => {
  const book = new Book(3)
  book.write(founder, book.renewal())
  const more = {
    t: 'invite',
    key: new Uint8Array(32).fill(9),
    role: 'member',
    uses: 2,
    expiresMs: 0,
  } as const
  expect(book.write(founder, more)).toBe('no-slots')
  expect(book.write(founder, { ...more, uses: 1 })).toBe('ok')
})

test('replaced-unknown: the replaced key is on the roster as far as the commit knows', () => {
  const book = new Book()
  expect(book.write(founder, book.renewal({ replaces: stranger.publicKey }))).toBe('replaced-unknown')
  const admittedAt = 2
  book.knows = (_, seq) => seq < admittedAt
  expect(book.write(founder, book.renewal())).toBe('replaced-unknown')
  book.knows = (_, seq) => seq <= admittedAt
  expect(book.write(founder, book.renewal())).toBe('ok')
})

test('replaced-foreign: the replaced key is of the same kit', () => {
  const book = new Book()
  expect(book.write(founder, book.renewal({ replaces: founder.publicKey }))).toBe('replaced-foreign')
  expect(book.write(founder, book.renewal({}, boNext, stranger))).toBe('replaced-foreign')
})

test('already-admitted: a key on the roster is not admitted again as a new one', () => {
  const book = new Book()
  expect(book.write(founder, book.renewal({ device: bo.publicKey }, bo))).toBe('already-admitted')
  expect(book.write(founder, book.renewal())).toBe('ok')
  expect(book.write(founder, book.renewal())).toBe('already-admitted')
})

test('certificate: the kit certified this key, for this co-op', () => {
  const book = new Book()
  const wrong = [
    certifyDevice(kit, book.coop, boNext.publicKey),
    certifyDevice(boKit, FOUNDING_SCOPE, boNext.publicKey),
    certifyDevice(boKit, book.coop, boThird.publicKey),
    new Uint8Array(64),
  ]
  for (const certificate of wrong)
    expect(book.write(founder, { ...book.renewal(), certificate })).toBe('certificate')
})

test('proof: the new key itself agreed to kit, names and replaced key in this co-op, and to nothing else', () => {
  const book = new Book()
  expect(book.write(founder, book.renewal())).toBe('ok')
  const honest = book.renewal({}, boThird)
  expect(book.write(founder, { ...honest, memberName: 'Eve' })).toBe('proof')
  expect(book.write(founder, { ...honest, deviceName: 'door' })).toBe('proof')
  expect(book.write(founder, { ...honest, memberName: 'till', deviceName: 'Bo' })).toBe('proof')
  expect(book.write(founder, { ...honest, replaces: boNext.publicKey })).toBe('proof')
  const elsewhere = renewalMessage(sha256(book.coop), honest, sha256)
  expect(book.write(founder, { ...honest, proof: boThird.sign(elsewhere) })).toBe('proof')
  const byKit = boKit.sign(renewalMessage(book.coop, honest, sha256))
  expect(book.write(founder, { ...honest, proof: byKit })).toBe('proof')
  expect(book.write(founder, honest)).toBe('ok')
})

test('a refused renewal changes nothing; the state hash tells which key was replaced', () => {
  const book = new Book()
  const before = toHex(book.state.stateHash())
  expect(book.write(founder, { ...book.renewal(), proof: new Uint8Array(64) })).toBe('proof')
  expect([toHex(book.state.stateHash()), book.slots()]).toEqual([before, 9])
  expect(book.write(founder, book.renewal())).toBe('ok')
  expect(book.write(founder, book.renewal({}, boThird))).toBe('ok')
  const other = new Book()
  expect(other.write(founder, other.renewal())).toBe('ok')
  expect(other.write(founder, other.renewal({ replaces: boNext.publicKey }, boThird))).toBe('ok')
  expect(toHex(other.state.stateHash())).not.toBe(toHex(book.state.stateHash()))
})
