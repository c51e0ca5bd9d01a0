import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { CoopError } from '#node/errors'
import { dataFolderPath } from '#node/folder'
import { DEFAULT_SCOPE, SCOPES, TOKEN_LIFETIME_MS_MAX } from '#node/tokens'
import type { Scope } from '#node/tokens'
import { VERSION } from '../host/version.ts'
import { addCommand, getCommand, listCommand, unlistCommand } from './asset-commands.ts'
import { addAuthorityCommands } from './authority-program.ts'
import { addLedgerCommands } from './ledger-program.ts'
import { addTicketCommands } from './ticket-program.ts'
import { exportCommand, showCommitCommand, verifyCommitCommand } from './commit-commands.ts'
import {
  admitCommand,
  boardCommand,
  dropCommand,
  foundCommand,
  inviteCommand,
  joinCommand,
  restoreCommand,
} from './coop-commands.ts'
import { doctorCommand } from './doctor-command.ts'
import { documentsCommand, keepCommand } from './document-commands.ts'
import { kitPrintCommand } from './kit-command.ts'
import { membersCommand, meshCommand, peersCommand, statusCommand, stopCommand } from './node-commands.ts'
import { DEFAULT_HTTP_PORT, DEFAULT_PORT } from './defaults.ts'
import { passphraseCommand } from './passphrase-commands.ts'
import { printError, printResult } from './output.ts'
import type { StartOptions } from './start-command.ts'
import { addRecoveryCommands } from './recovery-program.ts'
import { tokenCreateCommand, tokenListCommand, tokenRevokeCommand } from './token-commands.ts'

/** What every command gets. */
export interface Globals {
  data: string
  json: boolean
  /** File that holds the passphrase of the device key. */
  passphraseFile: string | undefined
}

/** Runs one command line; sets `process.exitCode`. */
export async function main(args: string[]): Promise<void> {
  // A reader that goes away (`coop ls | head`) ends the output, not the work.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => null)
  const json = args.includes('--json')
  let shown = ''
  const program = buildProgram(args, (text) => {
    if (json) shown += text
    else process.stdout.write(text)
  })
  try {
    await program.parseAsync(args, { from: 'user' })
  } catch (cause) {
    if (cause instanceof CommanderError) {
      if (cause.exitCode === 0) {
        const value = cause.code === 'commander.version' ? { version: VERSION } : { help: shown }
        if (json) printResult({ json }, value, '')
        return
      }
      const isBare = cause.code === 'commander.help'
      const message = isBare ? 'a command is missing' : cause.message.replace(/^error: /, '')
      printError({ json }, new CoopError('usage', message, 'Run `coop --help`, or `coop <command> --help`.'))
    } else {
      printError({ json }, cause)
    }
  }
}

function buildProgram(args: readonly string[], show: (text: string) => void): Command {
  const program = new Command('coop')
    .description('A node of a co-op: shared assets and signed documents, without a server in the middle.')
    .version(VERSION)
    .option('--data <dir>', 'data folder (default: COOP_DATA, else the XDG data folder)')
    .option(
      '--passphrase-file <file>',
      'the passphrase of the device key (default: COOP_PASSPHRASE, else asked for)',
    )
    .option('--json', 'exactly one JSON value on stdout', false)
    .exitOverride()
    .configureOutput({ writeOut: show, writeErr: () => null, outputError: () => null })
    .showHelpAfterError(false)
  const globals = (): Globals => {
    const { data, json, passphraseFile } = program.opts<{
      data?: string
      json: boolean
      passphraseFile?: string
    }>()
    return { data: dataFolderPath(data, process.env), json, passphraseFile }
  }
  addNodeCommands(program, globals)
  addCoopCommands(program, globals)
  addAuthorityCommands(program, globals)
  addLedgerCommands(program, globals)
  addTicketCommands(program, globals)
  addRecoveryCommands(program, globals)
  addDocumentCommands(program, globals)
  addAssetCommands(program, globals)
  addCommitCommands(program, globals)
  addTokenCommands(program, globals)
  addPassphraseCommands(program, globals)
  addKitCommands(program, globals)
  addSimCommand(program, args)
  for (const command of program.commands) {
    command.exitOverride()
    command.configureOutput({ writeErr: () => null, outputError: () => null })
  }
  return program
}

function addNodeCommands(program: Command, globals: () => Globals): void {
  program
    .command('start')
    .description('run the node; its page leads on')
    .option('--port <port>', 'TCP port of the mesh, 0 for any', port, DEFAULT_PORT)
    .option('--http-port <port>', 'port of the page and API, 0 for any', port, DEFAULT_HTTP_PORT)
    .option(
      '--phone-port <port>',
      'opens the pages for gates and stalls to phones on this port, 0 for any',
      port,
    )
    .option('--phone-cert <file>', 'certificate (PEM) for https on that port; phones then give the camera')
    .option('--phone-key <file>', 'its key (PEM)')
    .option('--host <address>', 'IPv4 address that the mesh listens on', '0.0.0.0')
    .option('--no-open', 'do not open a browser')
    .option('--no-mdns', 'do not look for peers on the local network')
    .action(async (options: Omit<StartOptions, keyof Globals>) =>
      // Loaded when it is needed: the commands that only talk to a node start ten times faster without the mesh.
      (await import('./start-command.ts')).startCommand({ ...globals(), ...options }),
    )
  program
    .command('stop')
    .description('stop the running node')
    .action(async () => stopCommand(globals()))
  program
    .command('status')
    .description('what this node is and holds')
    .action(async () => statusCommand(globals()))
  program
    .command('members')
    .description('members, their devices, open invites, who waits for one')
    .action(async () => membersCommand(globals()))
  program
    .command('peers')
    .description('other devices and how sync stands')
    .action(async () => peersCommand(globals()))
  program
    .command('doctor')
    .description('look for damage on the disk; most of it is repaired at once')
    .option('--repair', 'repair also what is not repaired by itself', false)
    .option('--assets', 'read every byte of every asset', false)
    .action(async (options: { repair: boolean; assets: boolean }) => doctorCommand(globals(), options))
  program
    .command('mesh')
    .description('take the node off the mesh, or back on it; local work goes on')
    .argument('<pause|resume>', 'what to do')
    .action(async (what: string) => meshCommand(globals(), what))
}

function addCoopCommands(program: Command, globals: () => Globals): void {
  program
    .command('found')
    .description('found a co-op on this device')
    .argument('<name>', 'name of the co-op')
    .option('--member <name>', 'your name')
    .option('--device <name>', 'name of this device')
    .action(async (name: string, options: { member?: string; device?: string }) =>
      foundCommand(globals(), name, options),
    )
  const invite = program
    .command('invite')
    .description('make an invite link; let in, or turn away, who came when it was used up')
    .addOption(
      new Option('--role <role>', 'what the guest becomes')
        .choices(['member', 'venue', 'archive', 'observer'])
        .default('member'),
    )
    .option('--uses <n>', 'how many devices may use it', count, 1)
    .option('--expires <time>', 'lifetime: 30m, 12h, 7d', duration, 7 * 86_400_000)
    .action(async (options: { role: string; uses: number; expires: number }) =>
      inviteCommand(globals(), options),
    )
  invite
    .command('admit')
    .description('let in who waits for an invite of this device, beyond its uses')
    .argument('[guest]', 'id, key or name, as `coop members` shows them')
    .option('--all', 'everybody who waits', false)
    .action(async (guest: string | undefined, options: { all: boolean }) =>
      admitCommand(globals(), guestOf(guest, options.all)),
    )
  invite
    .command('drop')
    .description('take somebody off the list of those who wait')
    .argument('<guest>', 'id, key or name, as `coop members` shows them')
    .action(async (guest: string) => dropCommand(globals(), guest))
  for (const command of invite.commands)
    command.exitOverride().configureOutput({ writeErr: () => null, outputError: () => null })
  program
    .command('join')
    .description('join a co-op by its invite link')
    .argument('<link>', 'the coop:// link')
    .option('--member <name>', 'your name')
    .option('--device <name>', 'name of this device')
    .option('--kit', 'as a further device of the member whose recovery kit you have (COOP_KIT, or asked for)')
    .option('--kit-file <file>', 'the same, with the words of the kit in a file')
    .action(
      async (link: string, options: { member?: string; device?: string; kit?: boolean; kitFile?: string }) =>
        joinCommand(globals(), link, options),
    )
  program
    .command('restore')
    .description('give a restored or copied folder a key of its own; its data stays')
    .option('--new-key', 'draw a new device key and have it admitted')
    .option(
      '--kit-file <file>',
      'the words of the recovery kit in a file (default: COOP_KIT, else asked for)',
    )
    .option('--device <name>', 'name of this device (default: as before)')
    .action(async (options: { newKey?: boolean; kitFile?: string; device?: string }) =>
      restoreCommand(globals(), options),
    )
  const board = program.command('board').description('shared boards: fields, a text and lists')
  board.exitOverride().configureOutput({ writeErr: () => null, outputError: () => null })
  board
    .command('show')
    .argument('<id>')
    .action(async (id: string) => boardCommand(globals(), { kind: 'show', id }))
  board
    .command('set')
    .argument('<id>')
    .argument('<key>')
    .argument('<value>', 'JSON, or plain text')
    .action(async (id: string, key: string, value: string) =>
      boardCommand(globals(), { kind: 'set', id, key, value }),
    )
  board
    .command('append')
    .argument('<id>')
    .argument('<list>')
    .argument('<value>', 'JSON, or plain text')
    .action(async (id: string, list: string, value: string) =>
      boardCommand(globals(), { kind: 'append', id, list, value }),
    )
  for (const command of board.commands)
    command.exitOverride().configureOutput({ writeErr: () => null, outputError: () => null })
}

function addDocumentCommands(program: Command, globals: () => Globals): void {
  const documents = program
    .command('documents')
    .description('what this device has of each document; which ones it keeps')
    .action(async () => documentsCommand(globals()))
  documents.exitOverride().configureOutput({ writeErr: () => null, outputError: () => null })
  documents
    .command('decline')
    .description('do not keep this document here: what is written in it is not sent to this device')
    .argument('<id>', 'for example board/menu')
    .action(async (id: string) => keepCommand(globals(), 'decline', id))
  documents
    .command('want')
    .description('keep this document here again; what is missing is fetched')
    .argument('<id>')
    .action(async (id: string) => keepCommand(globals(), 'want', id))
  for (const command of documents.commands)
    command.exitOverride().configureOutput({ writeErr: () => null, outputError: () => null })
}

function addAssetCommands(program: Command, globals: () => Globals): void {
  program
    .command('add')
    .description('share files or folders')
    .argument('<path...>')
    .action(async (paths: string[]) => addCommand(globals(), paths))
  program
    .command('get')
    .description('fetch an asset from the co-op')
    .argument('<cid>')
    .option('-o, --output <path>', 'also write it here')
    .action(async (cid: string, options: { output?: string }) => getCommand(globals(), cid, options.output))
  program
    .command('ls')
    .description('list the assets of the co-op')
    .action(async () => listCommand(globals()))
  program
    .command('unlist')
    .description('take an asset off the list; copies that others hold stay theirs')
    .argument('<cid>')
    .action(async (cid: string) => unlistCommand(globals(), cid))
}

function addCommitCommands(program: Command, globals: () => Globals): void {
  const commit = program.command('commit').description('single commits: what they say, whether they hold')
  commit.exitOverride().configureOutput({ writeErr: () => null, outputError: () => null })
  commit
    .command('show')
    .description('a commit as this node holds it')
    .argument('<id>', 'commit id, or its first 8 or more digits')
    .action(async (id: string) => showCommitCommand(globals(), id))
  commit
    .command('verify')
    .description('check a commit anew, from its bytes')
    .argument('<id>', 'commit id, or its first 8 or more digits')
    .action(async (id: string) => verifyCommitCommand(globals(), id))
  for (const command of commit.commands)
    command.exitOverride().configureOutput({ writeErr: () => null, outputError: () => null })
  program
    .command('export')
    .description('write what others can check without this node')
    .option('--commits', 'headers, payloads and signatures of commits, as one CAR file')
    .option('-o, --output <file>', 'write it here instead of stdout')
    .option('--document <id>', 'payloads of this document only')
    .option('--device <key>', 'commits of this device only: its PeerId or key')
    .action(async (options: { commits?: boolean; output?: string; document?: string; device?: string }) =>
      exportCommand(globals(), options),
    )
}

function addTokenCommands(program: Command, globals: () => Globals): void {
  const token = program.command('token').description('tokens of the API: who may call this node, for what')
  token.exitOverride().configureOutput({ writeErr: () => null, outputError: () => null })
  token
    .command('create')
    .description('make a token; its secret is printed this once')
    .argument('<name>', 'what it is for', tokenName)
    .addOption(new Option('--scope <scope>', 'what it may do').choices([...SCOPES]).default(DEFAULT_SCOPE))
    .option('--expires <days>', 'lifetime in days (default: none)', days)
    .action(async (name: string, options: { scope: Scope; expires?: number }) =>
      tokenCreateCommand(globals(), name, options),
    )
  token
    .command('ls')
    .description('list tokens, with when and from where each was used last')
    .action(async () => tokenListCommand(globals()))
  token
    .command('revoke')
    .description('end a token, and what is open on it')
    .argument('<id>')
    .action(async (id: string) => tokenRevokeCommand(globals(), id))
  for (const command of token.commands)
    command.exitOverride().configureOutput({ writeErr: () => null, outputError: () => null })
}

function addPassphraseCommands(program: Command, globals: () => Globals): void {
  const passphrase = program.command('passphrase').description('the passphrase that seals the device key')
  passphrase.exitOverride().configureOutput({ writeErr: () => null, outputError: () => null })
  const change = (what: 'set' | 'change', description: string): void => {
    passphrase
      .command(what)
      .description(description)
      .option('--new-passphrase-file <file>', 'the new one (default: COOP_NEW_PASSPHRASE, else asked for)')
      .action(async (options: { newPassphraseFile?: string }) =>
        passphraseCommand(globals(), what, options.newPassphraseFile),
      )
  }
  change('set', 'seal the device key of a stopped node')
  change('change', 'seal it by another passphrase')
  passphrase
    .command('remove')
    .description('let its file mode alone protect it')
    .action(async () => passphraseCommand(globals(), 'remove', undefined))
  for (const command of passphrase.commands)
    command.exitOverride().configureOutput({ writeErr: () => null, outputError: () => null })
}

function addKitCommands(program: Command, globals: () => Globals): void {
  const kit = program.command('kit').description('the recovery kit that you have')
  kit.exitOverride().configureOutput({ writeErr: () => null, outputError: () => null })
  kit
    .command('print')
    .description('write its words, a QR code and what to do with them as a page to print')
    .requiredOption('-o, --output <file>', 'an HTML file; remove it once it is printed')
    .option('--kit-file <file>', 'the words in a file (default: COOP_KIT, else asked for)')
    .action(async (options: { output: string; kitFile?: string }) => kitPrintCommand(globals(), options))
    .exitOverride()
    .configureOutput({ writeErr: () => null, outputError: () => null })
}

/** Everything behind `sim` is read by the simulator itself, which is loaded only then. */
function addSimCommand(program: Command, args: readonly string[]): void {
  program
    .command('sim')
    .description('the protocol in virtual time: list, run, replay, campaign')
    .argument('[arguments...]')
    .allowUnknownOption()
    .helpOption(false)
    .action(async () => (await import('./sim-command.ts')).coopSim(args.slice(args.indexOf('sim') + 1)))
}

/** One guest, or null for all. */
function guestOf(guest: string | undefined, isAll: boolean): string | null {
  if (isAll === (guest !== undefined))
    throw new CoopError(
      'usage',
      'say who shall be let in: a guest, or --all',
      'Run `coop members`: it shows who waits.',
    )
  return guest ?? null
}

function port(text: string): number {
  const value = Number(text)
  if (Number.isInteger(value) && value >= 0 && value <= 65_535) return value
  throw new InvalidArgumentError('a port is a number from 0 to 65535.')
}

function count(text: string): number {
  const value = Number(text)
  if (Number.isInteger(value) && value >= 1 && value <= 64) return value
  throw new InvalidArgumentError('an invite has 1 to 64 uses.')
}

function tokenName(text: string): string {
  const name = text.trim()
  if (name.length >= 1 && name.length <= 64) return name
  throw new InvalidArgumentError('a name has 1 to 64 characters.')
}

function days(text: string): number {
  const value = Number(text)
  if (Number.isInteger(value) && value >= 1 && value * 86_400_000 <= TOKEN_LIFETIME_MS_MAX) return value
  throw new InvalidArgumentError('a lifetime is a whole number of days from 1 to 3650.')
}

function duration(text: string): number {
  const match = /^(\d{1,5})([mhd])$/.exec(text)
  const unit = { m: 60_000, h: 3_600_000, d: 86_400_000 }[match?.[2] ?? '']
  const value = Number(match?.[1]) * (unit ?? Number.NaN)
  if (value > 0 && value <= 366 * 86_400_000) return value
  throw new InvalidArgumentError('write a time as 30m, 12h or 7d, at most 366d.')
}
