#!/usr/bin/env node
import { Command } from 'commander';

const program = new Command('fastpaca').description('Works with a Fastpaca context store.');
await program.parseAsync();
