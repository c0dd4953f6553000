import { show } from './shared.js';

show('shared', 'shared code ran');
