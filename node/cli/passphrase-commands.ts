import { CoopError } from '#node/errors'
import { DataFolder, isKeySealed, needFolder, resealKeys } from '#node/folder'
import type { Globals } from './main.ts'
import { printResult } from './output.ts'
import { givenPassphrase, newPassphrase, openingPassphrase } from './secret-input.ts'

/**
 * `coop passphrase set|change|remove`: how the device key of a stopped folder lies on the disk. The key itself, and so
 * the device, stays the same.
 */
export async function passphraseCommand(
  globals: Globals,
  what: 'set' | 'change' | 'remove',
  newFile: string | undefined,
): Promise<void> {
  await needFolder(globals.data)
  // The lock first: nobody types a passphrase to hear that a node runs.
  const folder = await DataFolder.open(globals.data)
  try {
    await folder.needKey()
    const isSealed = await isKeySealed(folder.keyPath)
    if (isSealed === (what === 'set'))
      throw new CoopError(
        'usage',
        isSealed ? 'the device key is sealed already' : 'the device key is not sealed',
        isSealed ? 'Run `coop passphrase change`.' : 'Run `coop passphrase set`.',
      )
    const present = isSealed ? await openingPassphrase({ ...globals, isLockedByUs: true }) : undefined
    const next =
      what === 'remove' ? undefined : await newPassphrase(globals, await givenNew(globals, what, newFile))
    await resealKeys(folder, present, next)
  } finally {
    await folder.close()
  }
  printResult(globals, { isKeySealed: what !== 'remove' }, TEXT[what])
}

/** A first passphrase may come from where `start` reads it. */
async function givenNew(
  globals: Globals,
  what: 'set' | 'change' | 'remove',
  newFile: string | undefined,
): Promise<string | undefined> {
  const given = await givenPassphrase(newFile, 'COOP_NEW_PASSPHRASE')
  return given === undefined && what === 'set'
    ? givenPassphrase(globals.passphraseFile, 'COOP_PASSPHRASE')
    : given
}

const OPENS =
  '`coop start` asks for the passphrase, or reads it from --passphrase-file or COOP_PASSPHRASE. Nobody can find it out: ' +
  'if it is forgotten, this device needs a new key, with the recovery kit.'
const TEXT = {
  set: `the device key is sealed now. ${OPENS}`,
  change: `the device key is sealed by the new passphrase now. ${OPENS}`,
  remove: 'the device key is protected by its file mode alone now: whoever gets the disk has the device.',
}
