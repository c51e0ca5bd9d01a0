import { expect, test } from 'vitest'
import { changeOf, devicesFor, lostDevices, memberText, membersFor } from './change-draft.ts'
import type { Draft } from './change-draft.ts'
import type { Unit } from './ledger-types.ts'
import type { Device, Member } from './node-types.ts'

function device(name: string, status: Device['standing']['status'] = 'active'): Device {
  return {
    ...{ device: `id of ${name}`, name, isSigner: false, isSelf: false, isConnected: true, commits: 1 },
    ...{ standing: { status, suspensions: [], closedBy: null }, suspension: null, replacedBy: null },
  }
}

function member(name: string, isSteward: boolean, devices: Device[]): Member {
  const role = isSteward ? 'steward' : 'member'
  return { member: `${name} key`, name, looksLike: [], role, isSteward, devices }
}

const members = [
  member('Ada', true, [{ ...device('nas'), isSigner: true }]),
  member('Bo', false, [device('till', 'closed'), device('phone'), device('desk', 'suspended')]),
  member('Cy', false, [device('old', 'left')]),
]
const DRAFT: Draft = {
  ...{ kind: 'steward', member: '', device: '', role: 'venue', events: '', count: 3 },
  ...{ quorum: 'two-thirds', recovery: 'kits', right: 'issue', unit: '', amount: '', lost: '' },
}

test('a draft is about the first that fits, until another one is chosen', () => {
  expect(changeOf(DRAFT, members)).toEqual({ kind: 'steward', member: 'Bo key', device: 'id of phone' })
  expect(changeOf({ ...DRAFT, device: 'id of desk' }, members)).toMatchObject({ device: 'id of desk' })
  expect(changeOf({ ...DRAFT, kind: 'demote' }, members)).toEqual({ kind: 'demote', member: 'Ada key' })
  expect(changeOf({ ...DRAFT, kind: 'lift' }, members)).toEqual({ kind: 'lift', device: 'id of desk' })
  expect(changeOf({ ...DRAFT, kind: 'rules' }, [])).toEqual({
    ...{ kind: 'rules', quorum: 'two-thirds', recovery: 'kits' },
  })
})

test('events are split, and left out when there are none', () => {
  const role = { ...DRAFT, kind: 'role', member: 'Bo key' } as const
  expect(changeOf(role, members)).toEqual({ kind: 'role', member: 'Bo key', role: 'venue' })
  expect(changeOf({ ...role, events: 'event/a, event/b' }, members)).toMatchObject({
    scopes: ['event/a', 'event/b'],
  })
})

test('nothing is asked while something is missing', () => {
  for (const kind of ['steward', 'demote', 'lift', 'close', 'slots', 'role', 'remove'] as const)
    expect(changeOf({ ...DRAFT, kind }, [])).toBe(null)
  expect(changeOf({ ...DRAFT, kind: 'slots', count: Number.NaN }, members)).toBe(null)
})

test('of a steward another device can sign from now on', () => {
  const ada = member('Ada', true, [{ ...device('nas'), isSigner: true }, device('laptop')])
  expect(changeOf(DRAFT, [ada])).toEqual({ kind: 'steward', member: 'Ada key', device: 'id of laptop' })
  expect(membersFor('steward', [member('Ada', true, [{ ...device('nas'), isSigner: true }])])).toEqual([])
})

test('who is out of the co-op is not offered', () => {
  expect(membersFor('remove', members)?.map((it) => it.name)).toEqual(['Ada', 'Bo'])
  expect(membersFor('slots', members)).toBe(null)
  expect(devicesFor({ ...DRAFT, kind: 'close' }, members)?.map((it) => it.text)).toEqual([
    ...['Ada / nas', 'Bo / phone', 'Bo / desk'],
  ])
  expect(memberText({ ...(members[0] as Member), looksLike: ['АdА'] })).toBe('Ada (Ada key)')
})

test('a right is about the first unit that a seal can issue, and needs an amount', () => {
  const units = [
    { id: 'admission-x', kind: 'admission' },
    { id: 'money-x', kind: 'money' },
  ] as Unit[]
  const allow = { ...DRAFT, kind: 'allow', amount: ' 12.50 ' } as const
  expect(changeOf(allow, members, units)).toEqual({
    ...{ kind: 'allow', right: 'issue', device: 'id of nas', unit: 'money-x', amount: '12.50' },
  })
  expect(changeOf({ ...allow, amount: ' ' }, members, units)).toBeNull()
  expect(changeOf(allow, members)).toBeNull()
})

test('what is replaced is of a device that is silent, and goes to another one', () => {
  const near = [
    member('Ada', true, [{ ...device('nas'), isSelf: true }, device('desk')]),
    member('Bo', false, [{ ...device('till', 'suspended'), isConnected: false }]),
  ]
  const units = [{ id: 'stock-x', kind: 'stock' }] as Unit[]
  expect(lostDevices(near).map((it) => it.text)).toEqual([
    'Bo / till (suspended)',
    'Ada / desk (connected now)',
  ])
  const replace = { ...DRAFT, kind: 'replace', amount: '3' } as const
  expect(changeOf(replace, near, units)).toMatchObject({ device: 'id of nas', lost: 'id of till' })
  expect(devicesFor({ ...replace, lost: 'id of desk' }, near)?.map((it) => it.device)).toEqual([
    ...['id of nas', 'id of till'],
  ])
  expect(changeOf({ ...replace, lost: 'id of nas' }, near, units)).toMatchObject({ device: 'id of desk' })
})
