/** README.md's recipe for a share: what the server exports, and what its hosts are told. */
import { shipped } from '../fixture/shipped.ts'

interface Recipe {
  /** the server's /etc/exports */
  exports: string
  /** commands */
  cacheHost: string
  node: string
}

/** @param fleet whether hosts tell each other how they are; else the recipe is for two directories */
export function readRecipe(fleet: boolean): Recipe {
  const [, recipe = ''] = /^\*\*A NAS has the packages\.\*\*([^]*?)^\*\*/m.exec(
    shipped('README.md'),
  ) ?? ['']
  const [, exports] = /^```text\n([^]*?)^```$/m.exec(recipe) ?? []
  const command = (whose: string) => new RegExp(`^(kured-sentinel .*?) +# ${whose}$`, 'm')
  const [, cacheHost] = command('cache host').exec(recipe) ?? []
  const [, node] = command('each other').exec(recipe) ?? []
  if (exports === undefined || cacheHost === undefined || node === undefined) {
    throw new Error('README.md has no recipe for a share')
  }
  if (fleet) return { exports, cacheHost, node }
  const without = (line: string) => line.replace(/ --nfs \S+\/fleet/, '')
  return {
    exports: exports.replace(/^.*\/fleet .*\n/m, ''),
    cacheHost: without(cacheHost),
    node: without(node),
  }
}
