import { readFile } from 'node:fs/promises'
import { Command } from 'commander'
import { expect, test } from 'vitest'
import { EXIT_CODES } from '#node/errors'
import { addTicketCommands } from './ticket-program.ts'

const DOCS = new URL('../../docs/cli.md', import.meta.url)

test('every command about events and tickets stands in docs/cli.md with its options', async () => {
  const docs = await readFile(DOCS, 'utf8')
  const program = new Command()
  addTicketCommands(program, () => ({ data: '', json: false, passphraseFile: undefined }))
  const missing = program.commands.flatMap((group) =>
    group.commands.flatMap((command) => {
      const name = `${group.name()} ${command.name()}`
      const row = docs.split('\n').find((it) => it.startsWith('| ') && it.includes(`\`${name}`)) ?? ''
      const options = command.options.map((it) => it.long ?? '').filter((it) => it !== '--id')
      const lacking = options.filter((it) => !row.includes(it) && !row.includes(it.replace('--output', '-o')))
      return row === '' ? [name] : lacking.map((it) => `${name} ${it}`)
    }),
  )
  expect(missing).toEqual([])
})

test('every error code stands in docs/cli.md with its exit code', async () => {
  const rows = (await readFile(DOCS, 'utf8')).split('\n').filter((it) => /^\| \d/.test(it))
  const missing = Object.entries(EXIT_CODES).filter(
    ([code, exit]) => !rows.some((it) => it.includes(`\`${code}\``) && new RegExp(`\\b${exit}\\b`).test(it)),
  )
  expect(missing).toEqual([])
})
