import { expect, test } from 'vitest'
import { kitHtml } from './kit-html.ts'
import { kitSheet } from './kit-sheet.ts'

const WORDS = `${'abandon '.repeat(23)}art`
const KIT = { words: WORDS, name: 'North Market', coop: 'ab'.repeat(32), member: '0123'.repeat(16) }

test('a sheet has the words in their order, once to read and once as a code, and both fingerprints in fours', () => {
  const sheet = kitSheet({ ...KIT, words: ` ${WORDS}\n` })
  expect([sheet.words.length, sheet.words.at(-1), sheet.code]).toEqual([24, 'art', WORDS])
  expect(sheet.facts.map((it) => it.value)).toEqual([
    'North Market',
    Array.from({ length: 16 }, () => 'abab').join(' '),
    Array.from({ length: 16 }, () => '0123').join(' '),
  ])
})

test('the name of a co-op, which a stranger chose, stays text', () => {
  const html = kitHtml(kitSheet({ ...KIT, name: `</bdi><script>alert("x")</script>'&` }), '')
  expect(html).not.toContain('<script')
  expect(html).toContain('&#60;/bdi&#62;&#60;script&#62;alert(&#34;x&#34;)&#60;/script&#62;&#39;&#38;')
})

test('the page of a sheet asks nothing of any other place', () => {
  expect(kitHtml(kitSheet(KIT), '')).not.toMatch(/https?:|src=|href=|url\(/)
})
