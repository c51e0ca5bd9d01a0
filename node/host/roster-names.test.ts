import { expect, test } from 'vitest'
import { deviceText } from '#protocol/identity'
import { AuthorityBook, person } from '../../test/actors/authority-book.ts'
import type { Person } from '../../test/actors/authority-book.ts'
import { RosterNames } from './roster-names.ts'

/** A co-op whose founder has this name, and where so many others are called Bo, each with a till. */
function namesOf(founder: string, others: number): { names: RosterNames; people: Person[] } {
  const book = new AuthorityBook({ memberName: founder })
  const people = Array.from({ length: others + 1 }, (_, i) => person(i))
  for (const who of people.slice(1)) book.admit(who)
  return { names: new RosterNames(book.state), people }
}

/** Stable code of what a call throws. */
function codeOf(work: () => unknown): unknown {
  try {
    return work()
  } catch (cause) {
    return (cause as { code: string }).code
  }
}

test('members and devices are found by name, by key, and by the beginning of a key', () => {
  const { names, people } = namesOf('Ada', 1)
  const bo = people[1] as Person
  for (const text of ['Bo', bo.member, bo.member.slice(0, 8).toUpperCase()])
    expect(names.findMember(text)).toBe(bo.member)
  for (const text of ['till', 'Bo/till', bo.device, deviceText(bo.signer.publicKey)])
    expect(names.findDevice(text)).toBe(bo.device)
  expect(names.onlyDeviceOf(bo.member)).toBe(bo.device)
  expect(names.stewardsText()).toBe('Ada/nas')
})

test('a name that nobody has is told from one that several have', () => {
  const { names } = namesOf('Ada', 2)
  expect(codeOf(() => names.findMember('Cleo'))).toBe('member-unknown')
  expect(codeOf(() => names.findDevice('Bo/nas'))).toBe('device-unknown')
  expect(codeOf(() => names.findMember('Bo'))).toBe('name-ambiguous')
  expect(codeOf(() => names.findDevice('till'))).toBe('name-ambiguous')
})

test('a name that looks like another one means neither', () => {
  const { names, people } = namesOf('B\u043E', 1)
  expect(codeOf(() => names.findMember('Bo'))).toBe('name-ambiguous')
  expect(codeOf(() => names.findMember('B\u043E'))).toBe('name-ambiguous')
  expect(names.findMember((people[1] as Person).member)).toBe((people[1] as Person).member)
  expect(names.stewardsText()).toBe('B\\u{43e}/nas')
})
