/** Keys that sign a node's packages, and packages of such keys, like archlinux-keyring. */
import type { LabNode } from './node.ts'
import type { PackageRecipe } from './package.ts'

const GPG = 'gpg --batch --quiet --homedir /root/signer'

/** Makes keys in the node, outside of pacman's keyring; `name`.asc is the public one. */
export async function makeKeys(node: LabNode, ...names: string[]): Promise<void> {
  await node.shell(`mkdir -p -m 700 /root/signer
for name in ${names.join(' ')}; do
  ${GPG} --passphrase '' --quick-gen-key "$name <$name@lab>" ed25519 sign never
  ${GPG} --armor --export "$name" >/root/$name.asc
done`)
}

/** Signs files anew. @param files as for the shell */
export async function sign(node: LabNode, by: string, files: string): Promise<void> {
  await node.shell(`for file in ${files}; do
  rm -f "$file.sig"
  ${GPG} --local-user ${by} --detach-sign "$file"
done`)
}

/** What a version of the keyring's package holds; to be called before that is installed. */
export async function fillKeyring(
  node: LabNode,
  version: string,
  ...names: string[]
): Promise<void> {
  await node.shell(`cd /root
${GPG} --export ${names.join(' ')} >keys-${version}.gpg
${GPG} --with-colons --list-keys ${names.join(' ')} |
  awk -F: '$1 == "pub" { wanted = 1 } $1 == "fpr" && wanted { print $10 ":4:"; wanted = 0 }' >keys-${version}-trusted`)
}

/** Like archlinux-keyring; the keys are links to those of fillKeyring(). */
export const keyring = (version: string, more: Partial<PackageRecipe> = {}): PackageRecipe => ({
  name: 'lab-keyring',
  version,
  install: 'post_install() { pacman-key --populate lab; }\npost_upgrade() { post_install; }\n',
  // Debian's pacman-key looks in usr/share/keyrings.
  package: `for place in usr/share/pacman/keyrings usr/share/keyrings; do
  mkdir -p "$pkgdir/$place"
  ln -s /root/keys-${version}.gpg "$pkgdir/$place/lab.gpg"
  ln -s /root/keys-${version}-trusted "$pkgdir/$place/lab-trusted"
done`,
  ...more,
})

/** Sets which signatures the repository's packages must have. */
export async function demandSignatures(node: LabNode, words: string): Promise<void> {
  await node.shell(`sed -i '/^\\[lab\\]/,$ s/^SigLevel = .*/SigLevel = ${words}/' /etc/pacman.conf`)
}
