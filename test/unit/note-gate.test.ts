import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Deadline } from '../../src/host/deadline.ts'
import { Host } from '../../src/host/host.ts'
import { GateNotes } from '../../src/reboot/note-gate.ts'

test('a gate that nothing kept has not waited, however long its looks took', () => {
  const patience = new Deadline(60_000)
  const notes = new GateNotes(new Host('/nowhere'), patience)
  while (patience.elapsed() < 5);
  assert.equal(notes.waitedMs(), 0)
  notes.waitedFor('pacman is at work')
  assert.ok(notes.waitedMs() >= 5)
})
