import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { EventState } from '#protocol/event'
import type { RequestEntry } from '#protocol/event'
import { fromHex } from '#protocol/encoding'
import {
  blindHolderOf,
  makeRotatingCode,
  nullifierOf,
  readTicketText,
  seatSecretOf,
  ticketText,
} from '#protocol/tickets'
import { nodeSigner } from '#node/crypto'
import { CoopError } from '#node/errors'
import { deskCrypto, phone, secretOf } from '../../../test/actors/ticket-desk.ts'
import { until } from '../../../test/actors/until.ts'
import { CoopNode } from '../coop-node.ts'
import { eventSection } from './event-parts.ts'
import type { IssueRequest, ScanView, TicketView } from './index.ts'

const SEATS = 40

let folder: string
let nas: CoopNode
let north: CoopNode
let event: string

async function openNode(name: string): Promise<CoopNode> {
  return CoopNode.open({
    ...{ dataPath: join(folder, name), statePath: null, passphrase: undefined, port: 0, host: '127.0.0.1' },
    ...{ isMdnsOn: false, log: pino({ level: 'silent' }) },
  })
}

const newId = (): string => randomBytes(16).toString('hex')

async function ticket(more: Partial<IssueRequest> = {}): Promise<TicketView> {
  const { tickets } = await nas.tickets.issue(event, { class: 'Standing', count: 1, group: 'Door', ...more })
  const [first] = tickets
  if (first === undefined) throw new Error('no ticket')
  return first
}

async function scan(text: string, more: object = {}): Promise<ScanView> {
  return nas.gate.scan(event, { text, gate: 'Door', direction: 'in', id: newId(), ...more })
}

async function verdictOf(text: string): Promise<string> {
  return (await nas.gate.verify(event, { text, gate: 'Door', direction: 'in' })).verdict
}

async function end(text: string, action: 'refund' | 'reissue' | 'revoke'): Promise<string> {
  return nas.tickets.cancel(event, { ticket: text, action }).then(
    ({ done }) => (done ? 'done' : 'asked'),
    (cause: unknown) => (cause instanceof CoopError ? cause.code : String(cause)),
  )
}

/** Seats that are free, and those that somebody has: together what there is. */
async function seats(): Promise<{ free: number; sold: number }> {
  const { classes } = await nas.events.view(event)
  const info = classes.find((it) => it.name === 'Standing')
  return { free: (info?.seats.here ?? 0) + (info?.seats.elsewhere ?? 0), sold: info?.sold ?? 0 }
}

/** A request as the other device's key signs it, whatever it says. */
async function ask(shown: TicketView, more: Partial<RequestEntry> = {}): Promise<RequestEntry> {
  const read = readTicketText(shown.text)
  if (!read.ok) throw new Error(read.refusal)
  const { classes, groups } = await nas.events.view(event)
  return {
    ...{ t: 'request', why: 'refund', class: classes.find((it) => it.name === 'Standing')?.class ?? '' },
    bucket: groups.find((it) => it.group === 'Door')?.buckets[0]?.bucket ?? '',
    old: fromHex(shown.commitment) ?? new Uint8Array(16),
    seat: nullifierOf(`event/${event}`, secretOf(read.decoded.ticket), nas.crypto.sha256),
    ...{ ticket: null, price: null, id: new Uint8Array(randomBytes(16)), reason: '' },
    ...more,
  }
}

/** Until the other device knows what this one does. */
async function heard(): Promise<void> {
  const { stateHash } = await nas.events.view(event)
  await until('the other device has heard', async () =>
    north.events.view(event).then(
      (it) => it.stateHash === stateHash,
      () => false,
    ),
  )
}

/** Writes requests at the other device, as soon as it knows the ticket that they name. */
async function written(...requests: RequestEntry[]): Promise<void> {
  await heard()
  await north.membership.engine.append([eventSection(`event/${event}`, requests)])
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'coopmesh-tickets-'))
  nas = await openNode('nas')
  await nas.found('North Market', { memberName: 'Ada', deviceName: 'nas' })
  await nas.startMesh()
  north = await openNode('north')
  const { link } = await nas.invite('venue', 1, 60_000)
  await north.join(link, { memberName: 'Bo', deviceName: 'north' })
  await north.startMesh()
  const startsMs = Date.now() - 60_000
  event = (await nas.events.create({ name: 'Races', startsMs, endsMs: startsMs + 28_800_000 })).event
  const prices = [{ currency: 'EUR', amount: '12.00' }]
  await nas.events.setClass(event, { name: 'Standing', seats: SEATS, prices })
  await nas.events.setClass(event, { name: 'Crew', seats: 1, prices })
  await nas.events.addBuckets(event, { group: 'Door' })
})
afterAll(async () => {
  for (const node of [north, nas]) await node.close()
  await rm(folder, { recursive: true, force: true })
})

test('a ticket that many end at once ends once, and gives one seat back', async () => {
  const { text } = await ticket()
  await ticket()
  const said = await Promise.all(Array.from({ length: 8 }, async () => end(text, 'refund')))
  expect(said.filter((it) => it === 'done')).toHaveLength(1)
  expect(new Set(said)).toEqual(new Set(['done', 'ticket-ended']))
  expect(await seats()).toEqual({ free: SEATS - 1, sold: 1 })
})

test('a ticket that is ended while it is shown is one of both: nobody is let in and paid', async () => {
  for (const action of ['refund', 'reissue'] as const) {
    const { text } = await ticket()
    const [ended, { verdict }] = await Promise.all([end(text, action), scan(text)])
    const isEnded = ended === 'done'
    expect(verdict).toBe(isEnded ? `${action}${action === 'reissue' ? 'd' : 'ed'}` : 'admitted')
    expect(ended).toBe(isEnded ? 'done' : 'ticket-used')
  }
  const { free, sold } = await seats()
  expect(free + sold).toBe(SEATS)
})

test('what two ask for one ticket is carried out once', async () => {
  const before = await seats()
  const shown = await ticket()
  await written(await ask(shown), await ask(shown))
  await until('it is refunded', async () => (await verdictOf(shown.text)) === 'refunded')
  expect(await seats()).toEqual(before)
})

test('a request that no rule allows keeps no other from being carried out, and sets no price', async () => {
  const [odd, fine] = [await ticket(), await ticket()]
  const { classes } = await nas.events.view(event)
  const crew = classes.find((it) => it.name === 'Crew')?.class ?? ''
  const price = { currency: 'EUR', amount: 1_000_000n }
  await written(await ask(odd, { class: crew }), await ask(fine, { price }))
  await until('it is refunded', async () => (await verdictOf(fine.text)) === 'refunded')
  const state = await nas.membership.engine.open(`event/${event}`)
  if (!(state instanceof EventState)) throw new Error('no event')
  expect(state.cancelOf(fine.commitment)?.price).toEqual({ currency: 'EUR', amount: 1_200n })
  expect(await verdictOf(odd.text)).toBe('admitted')
})

test('the letters of a ticket that is bound to a phone open nothing: a picture of it tells them', async () => {
  const { code } = await ticket({ holder: Buffer.from(phone.publicKey).toString('hex') })
  expect(await scan(code)).toMatchObject({ ok: false, verdict: 'code-needed' })
  const override = { reason: 'her phone is dead' }
  expect(await scan(code, { override })).toMatchObject({ ok: true, mode: 'override' })
})

const newPhone = (): ReturnType<typeof nodeSigner> => nodeSigner(new Uint8Array(randomBytes(32)))
const holderOf = (it: ReturnType<typeof newPhone>): string =>
  Buffer.from(blindHolderOf(it, deskCrypto.sha256)).toString('hex')

/** What the screen of a phone shows. */
function live({ text }: TicketView, it: ReturnType<typeof newPhone>): string {
  const read = readTicketText(text)
  const bytes = read.ok ? read.decoded.bytes : new Uint8Array()
  return ticketText(makeRotatingCode(bytes, Date.now(), it, deskCrypto.sha256) ?? new Uint8Array())
}

test('a blind ticket opens with the live code of its phone, once, and in no other way', async () => {
  const its = newPhone()
  const id = newId()
  const sold = await ticket({ holder: holderOf(its), id })
  const override = { reason: 'her phone is dead' }
  for (const text of [sold.text, sold.code]) {
    expect(await scan(text)).toMatchObject({ ok: false, verdict: 'code-needed' })
    expect(await scan(text, { override })).toMatchObject({ ok: false, verdict: 'code-needed' })
    expect(await scan(text, { direction: 'out' })).toMatchObject({ ok: false, verdict: 'code-needed' })
  }
  const again = { text: live(sold, its), gate: 'Door', direction: 'in', id: newId() } as const
  expect(await nas.gate.scan(event, again)).toMatchObject({ ok: true, verdict: 'admitted' })
  expect(await nas.gate.scan(event, again)).toMatchObject({ ok: true, repeated: true })
  expect(await verdictOf(live(sold, its))).toBe('already-admitted')
  // The request again makes the same ticket, for the same phone; so does the list of those that were issued.
  expect((await ticket({ holder: holderOf(its), id })).text).toBe(sold.text)
  await expect(ticket({ holder: holderOf(newPhone()), id })).rejects.toMatchObject({ code: 'usage' })
  const key = holderOf(its).slice(0, 64)
  await expect(ticket({ holder: key, id })).rejects.toMatchObject({ code: 'usage' })
  await expect(ticket({ holder: `${key}00`, id: newId() })).rejects.toMatchObject({ code: 'usage' })
  const { tickets } = await nas.tickets.list(event, null)
  expect(tickets.map((it) => it.text)).toContain(sold.text)
  // Documents tell the seat hash to nobody.
  const state = await nas.membership.engine.open(`event/${event}`)
  const said = state instanceof EventState ? state.issued(sold.commitment)?.issue.holder : null
  const hex = Buffer.from(said ?? []).toString('hex')
  expect([hex.length, hex.slice(0, 64)]).toEqual([96, key])
  expect(hex.slice(64)).not.toBe(holderOf(its).slice(64))
})

test('a seat hash that was given twice opens once', async () => {
  const its = newPhone()
  const [one, other] = [await ticket({ holder: holderOf(its) }), await ticket({ holder: holderOf(its) })]
  expect(await scan(live(one, its))).toMatchObject({ verdict: 'admitted' })
  expect(await scan(live(other, its))).toMatchObject({ verdict: 'already-admitted' })
})

test('a blind ticket is refunded and swapped with its live code alone, and revoked without', async () => {
  const [its, next] = [newPhone(), newPhone()]
  const sold = await ticket({ holder: holderOf(its) })
  for (const action of ['refund', 'reissue'] as const)
    expect([await end(sold.text, action), await end(sold.code, action)]).toEqual([
      'code-needed',
      'code-needed',
    ])
  const request = { action: 'reissue', holder: holderOf(next), id: newId() } as const
  const { tickets } = await nas.tickets.cancel(event, { ...request, ticket: live(sold, its) })
  const [swapped] = tickets
  if (swapped === undefined) throw new Error('no ticket')
  expect((await nas.tickets.cancel(event, { ...request, ticket: live(sold, its) })).tickets).toEqual(tickets)
  const changed = { ...request, holder: holderOf(newPhone()), ticket: live(sold, its) }
  await expect(nas.tickets.cancel(event, changed)).rejects.toMatchObject({ code: 'usage' })
  expect(await scan(live(sold, its))).toMatchObject({ ok: false, verdict: 'reissued' })
  expect(await scan(live(swapped, next))).toMatchObject({ ok: true, verdict: 'admitted' })
  expect(await end(live(swapped, next), 'refund')).toBe('ticket-used')
  expect(await end(swapped.code, 'revoke')).toBe('done')
  const another = newPhone()
  const refunded = await ticket({ holder: holderOf(another) })
  expect(await end(live(refunded, another), 'refund')).toBe('done')
})

test('a blind ticket that is swapped keeps its seat, wherever that is done and whichever code is shown', async () => {
  const [its, next] = [newPhone(), newPhone()]
  const prices = [{ currency: 'EUR', amount: '12.00' }]
  await nas.events.setClass(event, { name: 'Open air', seats: 3, policy: 'open', prices })
  const [far, open] = [
    await ticket({ holder: holderOf(its) }),
    await ticket({ holder: holderOf(its), class: 'Open air' }),
  ]
  await heard()
  const request = { action: 'reissue', holder: holderOf(next) } as const
  const asked = await north.tickets.cancel(event, { ...request, ticket: live(far, its) })
  expect(asked.done).toBe(false)
  const [swapped] = asked.tickets
  const [opened] = (await nas.tickets.cancel(event, { ...request, ticket: live(open, its) })).tickets
  if (swapped === undefined || opened === undefined) throw new Error('no ticket')
  for (const it of [swapped, opened]) {
    const read = readTicketText(it.text)
    const secret = read.ok ? secretOf(read.decoded.ticket) : new Uint8Array()
    const before = readTicketText(live(far, its))
    expect(secret).toEqual(before.ok ? seatSecretOf(before.decoded, deskCrypto.sha256) : null)
  }
  await until('it is swapped', async () => (await verdictOf(live(far, its))) === 'reissued')
  expect(await scan(live(swapped, next))).toMatchObject({ ok: true, verdict: 'admitted' })
})

test('tickets that were not let in are in the log though the disk was full meanwhile', async () => {
  const refused = async (): Promise<number> => (await nas.events.view(event)).stats.refused
  const before = (await nas.gate.log(event, {}), await refused())
  const full = vi.spyOn(nas.membership.engine, 'append').mockRejectedValue(new Error('the disk is full'))
  await scan('no ticket')
  await nas.gate.flush()
  expect(await refused()).toBe(before)
  full.mockRestore()
  await scan('no ticket')
  const { rows } = await nas.gate.log(event, { limit: 2 })
  expect(rows.map((it) => it.verdict)).toEqual(['not-a-ticket', 'not-a-ticket'])
  expect(await refused()).toBe(before + 2)
})

test('a scan that was taken back is not green when it is sent again', async () => {
  const shown = { text: (await ticket()).text, gate: 'Door', direction: 'in', id: newId() } as const
  const { admission } = await nas.gate.scan(event, shown)
  expect(await nas.gate.scan(event, shown)).toMatchObject({ ok: true, repeated: true })
  await nas.gate.undo(event, { admission: admission ?? '', reason: 'the wrong person' })
  await expect(nas.gate.scan(event, shown)).rejects.toMatchObject({ message: 'this scan was taken back' })
  expect(await nas.gate.scan(event, { ...shown, id: newId() })).toMatchObject({ ok: true, repeated: false })
})

test('a ticket can be valid until a time alone', async () => {
  const { text } = await ticket({ validUntilMs: Date.now() + 3_600_000 })
  expect(await scan(text)).toMatchObject({ ok: true })
  const { text: old } = await ticket({ validUntilMs: Date.now() - 120_000 })
  expect(await scan(old)).toMatchObject({ ok: false, verdict: 'expired' })
})

test('asked twice under one name it is asked once; for something else under it, nothing is asked', async () => {
  const [one, other] = [await ticket(), await ticket()]
  await heard()
  await nas.pause()
  const asked = { ticket: one.text, action: 'revoke', id: newId() } as const
  const { commit, ...first } = await north.tickets.cancel(event, asked)
  expect(first).toMatchObject({ done: false, stillOpens: { group: 'Door', isReachable: false } })
  expect((await north.tickets.cancel(event, asked)).commit).toBe(commit)
  for (const more of [{ action: 'refund' }, { ticket: other.text }] as const)
    await expect(north.tickets.cancel(event, { ...asked, ...more })).rejects.toMatchObject({ code: 'usage' })
})
