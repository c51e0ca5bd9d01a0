import { expect, test } from 'vitest'
import { lookOf, shownText } from './shown-text.ts'

test('what turns the direction, or is not seen, is written out', () => {
  expect(shownText('Nora\u202Eevil')).toBe('Nora\\u{202e}evil')
  expect(shownText('a\u200Bb\u0007c')).toBe('a\\u{200b}b\\u{7}c')
})

test('a word that mixes Latin letters with others that look like them shows which these are', () => {
  expect(shownText('N\u043Era')).toBe('N\\u{43e}ra')
  expect(shownText('the Vera \u0412\u0435\u0440\u0430')).toBe('the Vera \u0412\u0435\u0440\u0430')
})

test('names of one language stay as they are', () => {
  for (const name of ['Zoë', 'Вера', 'Νίκος', '中村', 'José María', 'עדה']) expect(shownText(name)).toBe(name)
})

test('names that look alike have one look', () => {
  expect(lookOf('N\u043Era')).toBe(lookOf('Nora'))
  expect(lookOf('NORA')).toBe(lookOf('nora'))
  expect(lookOf('A1ice')).toBe(lookOf('Alice'))
  expect(lookOf('Zoe\u0308')).toBe(lookOf('Zoë'))
  expect(lookOf('Nora')).not.toBe(lookOf('Vera'))
})
