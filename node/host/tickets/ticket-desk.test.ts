import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { EventState } from '#protocol/event'
import type { RequestEntry } from '#protocol/event'
import { fromHex } from '#protocol/encoding'
import { nullifierOf, readTicketText } from '#protocol/tickets'
import { CoopError } from '#node/errors'
import { phone, secretOf } from '../../../test/actors/ticket-desk.ts'
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
