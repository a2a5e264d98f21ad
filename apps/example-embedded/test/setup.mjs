// CommonJS companions of Nest require it: it has to be there before them, or Jest sees a cycle.
import 'reflect-metadata';
import '@nestjs/common';
import '@nestjs/core';
