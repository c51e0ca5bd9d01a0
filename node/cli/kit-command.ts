import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { kitHtml, kitSheet } from '#apps/kit'
import { toHex } from '#protocol/encoding'
import { CoopError, systemCode } from '#node/errors'
import { needFolder, writeDurably } from '#node/folder'
import { NodeClient } from './client.ts'
import { readKit } from './kit-input.ts'
import type { Globals } from './main.ts'
import { printResult, safe } from './output.ts'

/** What a sheet says of the co-op and the member. */
interface Holder {
  coop: string | null
  name: string | null
  member: string | null
}

/** `coop kit print`: the words that a person has, as a page to print. The node keeps neither words nor page. */
export async function kitPrintCommand(
  globals: Globals,
  options: { output: string; kitFile?: string },
): Promise<void> {
  await needFolder(globals.data)
  const text = await readKit(globals, options.kitFile)
  const { kitOfWords } = await import('../host/recovery-kit.ts')
  const { words, signer } = kitOfWords(text)
  const member = toHex(signer.publicKey)
  const holder = await holderOf(globals)
  if (holder.coop === null || holder.name === null)
    throw new CoopError(
      'not-founded',
      'this node belongs to no co-op yet',
      'Found one with `coop found NAME`, or join one with `coop join LINK`.',
    )
  // Null until the roster is here, after a join whose first sync was cut off.
  if (holder.member !== null && holder.member !== member) {
    const next = 'Print it on a device of the member that it belongs to.'
    throw new CoopError('kit-unknown', 'this is the recovery kit of another member', next)
  }
  const css = await readFile(new URL('../../apps/kit/kit.css', import.meta.url), 'utf8')
  const sheet = kitSheet({ words, name: holder.name, coop: holder.coop, member })
  const output = resolve(options.output)
  await writeDurably(output, kitHtml(sheet, css)).catch((cause: unknown) => {
    const code = systemCode(cause)
    if (code === 'ENOSPC' || code === null) throw cause
    const next = 'Choose another path with -o.'
    throw new CoopError('path-unreadable', `cannot write ${output} (${code})`, next, cause)
  })
  printResult(
    globals,
    { output, member },
    `${safe(output)} holds the words. Open it in a browser, print it, and remove the file.`,
  )
}

/** The member of this device, from the running node or from its folder. */
async function holderOf(globals: Globals): Promise<Holder> {
  const client = await NodeClient.find(globals.data)
  if (client !== null) return (await client.call('GET', '/v1/status')) as Holder
  const [{ openNode }, { statusView }] = await Promise.all([import('./open-node.ts'), import('#node/host')])
  const node = await openNode(globals)
  try {
    return await statusView(node)
  } finally {
    await node.close()
  }
}
