import { afterEach, expect, test, vi } from 'vitest'
import { concatBytes, encodeCanonical, toHex } from '#protocol/encoding'
import type { Signer } from '#protocol/identity'
import { nodeCrypto, nodeSigner } from '#node/crypto'
import { must, testCoop } from '../../test/actors/coop-actors.ts'
import {
  DOORS_MS,
  decideAt,
  eventSection,
  gateOf,
  makeEvent,
  scanId,
  sell,
  shown,
} from '../../test/actors/gate-hand.ts'
import type { EventWish, TestEvent } from '../../test/actors/gate-hand.ts'
import { hand, ledgerSection } from '../../test/actors/ledger-hand.ts'
import { recordsOf } from '../../test/actors/memory-source.ts'
import {
  blindHolderOf,
  blindSeatSecret,
  decodeTicket,
  makeRotatingCode,
  nullifierOf,
  phoneSecretOf,
  seatHashOf,
  slotAt,
  slotMessage,
} from '../tickets/index.ts'
import type { DecodedTicket } from '../tickets/index.ts'
import { readEventSection } from './event-section.ts'
import type { PassEntry } from './entries.ts'
import type { IssuedBytes } from './issuing.ts'

const { sha256 } = nodeCrypto()
const GUESTS = 8
const phones = Array.from({ length: GUESTS }, (_, i) => nodeSigner(new Uint8Array(32).fill(100 + i)))

afterEach(() => {
  vi.doUnmock('../tickets/blind.ts')
  vi.resetModules()
})

/** An event whose founder sells, and a gate that admits. */
function setting(wish: EventWish = {}) {
  const { founder, founderSigner, mesh, admit } = testCoop(3)
  const gate = admit('venue')
  const meet = (): void => {
    mesh.connect(founder, gate)
    mesh.settle()
  }
  meet()
  const made = makeEvent(founder, founderSigner, wish)
  const bucket = made.buckets.get('North') ?? ''
  const give = (): void => {
    must(founder.author([ledgerSection(hand(gate.signer.publicKey, bucket, 1))]))
    meet()
  }
  return { founder, founderSigner, gate, made, meet, give }
}

/** What a phone shows at the doors, with the secret that it is to say. */
function live(ticket: IssuedBytes, phone: Signer, secret = phoneSecretOf(phone, sha256)): DecodedTicket {
  const slot = slotAt(DOORS_MS)
  const said = concatBytes(ticket.bytes, secret)
  const end = Uint8Array.of((slot >> 8) & 0xff, slot & 0xff)
  return must(decodeTicket(concatBytes(said, end, phone.sign(slotMessage(said, slot, sha256))))).decoded
}

test('without its live code nothing is known of the seat of a blind ticket: in, out, on somebody’s word', () => {
  const { founder, founderSigner, made, give, gate } = setting()
  const [phone] = phones as [Signer]
  const [ticket] = sell(founder, founderSigner, made, {
    group: 'North',
    holder: blindHolderOf(phone, sha256),
  })
  give()
  for (const at of [{}, { way: 'out' }, { override: 'her phone is dead' }] as const)
    for (const isTrusted of [false, true])
      expect(decideAt(gate, made, shown(ticket), { ...at, isTrusted })).toMatchObject({
        ...{ ok: false, verdict: 'code-needed', ticket: { serial: 0, seat: null } },
      })
  const other = live(ticket, phone, new Uint8Array(16))
  for (const at of [{}, { way: 'out' }, { override: 'her phone is dead' }] as const)
    expect(decideAt(gate, made, other, at)).toMatchObject({ ok: false, verdict: 'forged' })
  const bytes = makeRotatingCode(ticket.bytes, DOORS_MS, phone, sha256) ?? new Uint8Array()
  expect(must(decodeTicket(bytes)).decoded).toEqual(live(ticket, phone))
  expect(decideAt(gate, made, live(ticket, phone))).toMatchObject({ ok: true, verdict: 'admitted' })
})

test('an issue names the phone of one ticket by 32 or 48 bytes, and no other', () => {
  const { founder, founderSigner, made } = setting()
  const [phone] = phones as [Signer]
  sell(founder, founderSigner, made, { group: 'North', holder: blindHolderOf(phone, sha256) })
  const { header, payloads } = recordsOf(founder).at(-1) ?? { header: { sections: [] }, payloads: [] }
  const [entry] = readEventSection(payloads[0] ?? new Uint8Array(), header.sections[0]?.entries ?? 0) ?? []
  if (entry?.t !== 'issue' || entry.holder === null) throw new Error('no issue')
  const { holder, tickets } = entry
  const refused = (part: object): boolean =>
    readEventSection(eventSection(made.event, { ...entry, ...part }).payload, 1) === null
  expect([refused({}), refused({ holder: null }), refused({ holder: holder.slice(0, 32) })]).toEqual([
    ...[false, false, false],
  ])
  for (let length = 0; length < 100; length += 1)
    if (length !== 32 && length !== 48) expect(refused({ holder: new Uint8Array(length) })).toBe(true)
  expect(refused({ tickets: [...tickets, ...tickets] })).toBe(true)
})

/** What an issuer has of one ticket, and the pass that was made with it. */
interface Sold {
  /** All that it knew, drew and wrote. */
  transcript: Uint8Array[]
  secret: Uint8Array
}

/** Sells to all phones, lets all in, and gives what the issuer has, with all passes of the documents. */
function evening(isBlind: boolean): { made: TestEvent; sold: Sold[]; passes: PassEntry[] } {
  const { founder, founderSigner, made, meet, give, gate } = setting()
  const sold = phones.map((phone, i) => {
    const holder = isBlind ? blindHolderOf(phone, sha256) : phone.publicKey
    const id = 20 + i
    const [ticket] = sell(founder, founderSigner, made, { group: 'North', holder, id, details: 'Eva' })
    const request = ['coopmesh ticket secrets', founder.replica.coop, made.event, scanId(id)]
    const secret = sha256(founderSigner.sign(encodeCanonical(request)))
    const drawn = sha256(encodeCanonical(['coopmesh ticket', secret, ticket.serial]))
    const section = recordsOf(founder).at(-1)?.payloads[0] ?? new Uint8Array()
    return {
      ticket,
      transcript: [holder, secret, drawn, ticket.bytes, ticket.code, ticket.commitment, section],
      secret: phoneSecretOf(phone, sha256),
    }
  })
  give()
  for (const [i, { ticket }] of sold.entries()) {
    const phone = phones[i] ?? founderSigner
    const bytes = makeRotatingCode(ticket.bytes, DOORS_MS, phone, sha256) ?? new Uint8Array()
    const decision = decideAt(gate, made, must(decodeTicket(bytes)).decoded, { id: 60 + i })
    if (!decision.ok) throw new Error(decision.verdict)
    must(gate.author([eventSection(made.event, decision.entry)]))
  }
  meet()
  const entries = recordsOf(founder).flatMap(({ header, payloads }) =>
    header.sections.flatMap((it, i) => {
      const payload = it.document === made.event ? payloads[i] : null
      return payload === null || payload === undefined ? [] : (readEventSection(payload, it.entries) ?? [])
    }),
  )
  return { made, sold, passes: entries.filter((it): it is PassEntry => it.t === 'pass') }
}

/** Which pass is of which sale, by each nullifier that can be made of what the issuer has. */
function joined(event: string, sold: readonly Sold[], passes: readonly PassEntry[]): [number, number][] {
  return sold.flatMap(({ transcript }, sale): [number, number][] => {
    const [holder = new Uint8Array()] = transcript
    const key = holder.subarray(0, 32)
    const parts = transcript.flatMap((it) =>
      Array.from({ length: Math.max(0, it.length - 15) }, (_, at) => it.subarray(at, at + 16)),
    )
    const secrets = parts.flatMap((it) => [it, blindSeatSecret(key, it, sha256), seatHashOf(it, sha256)])
    const known = new Set(secrets.flatMap((it) => [toHex(it), toHex(nullifierOf(event, it, sha256))]))
    return passes.flatMap(({ seat }, pass): [number, number][] =>
      known.has(toHex(seat)) ? [[sale, pass]] : [],
    )
  })
}

test('all that an issuer had of blind tickets, and the log of the gate, cannot be joined', () => {
  const { made, sold, passes } = evening(true)
  expect([sold.length, passes.length]).toEqual([GUESTS, GUESTS])
  expect(joined(made.event, sold, passes)).toEqual([])
  // Where the request brought the secret along, that one ticket is told.
  const [first, ...rest] = sold as [Sold, ...Sold[]]
  const leak = { ...first, transcript: [...first.transcript, first.secret] }
  expect(joined(made.event, [leak, ...rest], passes)).toEqual([[0, 0]])
})

test('of tickets that are not blind the issuer can tell each pass: it drew their secrets', () => {
  const { made, sold, passes } = evening(false)
  expect(joined(made.event, sold, passes)).toEqual(phones.map((_, i) => [i, i]))
})

/** How often a phone gets in with one blind ticket that says another secret each time. */
async function entriesOfOne(): Promise<number> {
  const { decidePass } = await import('./decide.ts')
  const { founder, founderSigner, made, give, gate } = setting()
  const [phone] = phones as [Signer]
  const [ticket] = sell(founder, founderSigner, made, {
    group: 'North',
    holder: blindHolderOf(phone, sha256),
  })
  give()
  const secrets = [phoneSecretOf(phone, sha256), ...[1, 2, 3].map((it) => new Uint8Array(16).fill(it))]
  let entries = 0
  for (const [i, secret] of [...secrets, ...secrets].entries()) {
    const decision = decidePass(gateOf(gate, made), live(ticket, phone, secret), false, scanId(i))
    if (!decision.ok) continue
    must(gate.author([eventSection(made.event, decision.entry)]))
    entries += 1
  }
  return entries
}

test('one blind ticket lets in once, whatever its phone says', async () => {
  expect(await entriesOfOne()).toBe(1)
})

test('a gate that does not hold the secret against the seat hash lets in as often as one is drawn', async () => {
  vi.resetModules()
  vi.doMock('../tickets/blind.ts', async (original) => ({
    ...(await original<object>()),
    isSeatOf: () => true,
    seatSecretOf: ({ ticket, rotating }: DecodedTicket) =>
      blindSeatSecret(ticket.holder ?? new Uint8Array(), rotating?.secret ?? new Uint8Array(), sha256),
  }))
  expect(await entriesOfOne()).toBe(4)
})
