import { expect, test } from 'vitest'
import { commitAddress, readRoute, routeAddress } from './route.ts'

test('an address names a section, what is open in it, and how it is looked at', () => {
  expect(readRoute('#/assets')).toEqual({ section: 'assets', detail: null, query: {} })
  expect(readRoute('#/boards/menu')).toMatchObject({ section: 'boards', detail: 'menu' })
  expect(readRoute('#/ledger/history?type=issue&text=a%20b')).toEqual({
    ...{ section: 'ledger', detail: 'history', query: { type: 'issue', text: 'a b' } },
  })
  expect(readRoute(commitAddress('ab12'))).toMatchObject({ section: 'ledger', detail: 'commit/ab12' })
})

test('what names nothing is the first section, and a board has no part of its own', () => {
  for (const hash of ['', '#', '#/nowhere', '#/boards/menu/../x', '#token=abc'])
    expect(readRoute(hash)).toEqual({ section: 'members', detail: null, query: {} })
  expect(readRoute('#/boards/menu/x').detail).toBeNull()
  expect(readRoute('#/assets/menu').detail).toBeNull()
})

test('what is left out of a query is not in the address', () => {
  expect(routeAddress('ledger', 'history', { unit: 'x', device: undefined, text: '' })).toBe(
    '#/ledger/history?unit=x',
  )
  expect(routeAddress('members')).toBe('#/members')
})
