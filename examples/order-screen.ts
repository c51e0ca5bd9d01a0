// An order screen in 40 lines: shows a list of a board and follows it live, through a node's HTTP API.
//   node examples/order-screen.ts DATA_FOLDER BOARD LIST [--once]
// On a cut-off stall it shows what the stall's own node knows, and the rest when the mesh is back.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

const [folder = '', board = '', list = '', once] = process.argv.slice(2)
const { http } = JSON.parse(await readFile(join(folder, 'running.json'), 'utf8')) as { http: string }
const token = (await readFile(join(folder, 'api.token'), 'utf8')).trim()
const headers = { authorization: `Bearer ${token}` }

async function show(): Promise<void> {
  const answer = await fetch(`${http}/v1/boards/${board}`, { headers })
  if (!answer.ok) throw new Error(await answer.text())
  const { lists } = (await answer.json()) as { lists: Record<string, unknown[]> }
  const orders = lists[list] ?? []
  process.stdout.write(
    `${orders.length} orders\n${orders.map((it, i) => `${i + 1}. ${String(it)}`).join('\n')}\n`,
  )
}

await show()
if (once === undefined) {
  // Each event names what changed; the stream starts with everything.
  const events = await fetch(`${http}/v1/events`, { headers })
  for await (const chunk of events.body ?? []) {
    if (new TextDecoder().decode(chunk).includes('boards')) await show()
  }
}
