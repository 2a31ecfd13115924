// ethers and viem on the inputs of decode_inputs.json, for bench.py: takes "LIBRARY NAME" a line, decodes for 50 ms and answers with the ns
// of processor for one. Types are parsed before; each library by its quickest call that takes the hex text of a node.
'use strict';
const fs = require('fs'), readline = require('readline'), {createRequire} = require('module');
const [ethersFolder, viemFolder, inputsFile] = process.argv.slice(2);
const ethers = createRequire(ethersFolder + '/')('ethers'), viem = createRequire(viemFolder + '/')('viem');
const TURN_US = 50e3, WARM = 20000;

const makers = {
    ethers: {
        values: (i) => {
            const coder = ethers.AbiCoder.defaultAbiCoder(), types = i.types.map((t) => ethers.ParamType.from(t));
            return () => coder.decode(types, i.data);
        },
        event: (i) => {
            const face = new ethers.Interface([i.event]), fragment = face.fragments[0];
            return () => face.decodeEventLog(fragment, i.data, i.topics);
        },
        rlp: (i) => () => ethers.decodeRlp(i.data),
    },
    viem: {
        values: (i) => {
            const types = viem.parseAbiParameters(i.types.join(', '));
            return () => viem.decodeAbiParameters(types, i.data);
        },
        event: (i) => {
            const abi = viem.parseAbi([i.event]);
            return () => viem.decodeEventLog({abi, data: i.data, topics: i.topics});
        },
        rlp: (i) => () => viem.fromRlp(i.data, 'hex'),
    },
};

function spent() {
    const {user, system} = process.cpuUsage();
    return user + system;
}

function cost(decode) {
    const begin = spent();
    let n = 0, end = begin;
    for (; end - begin < TURN_US; end = spent(), n += 64)
        for (let i = 0; i < 64; i++)
            decode();
    return (end - begin) * 1000 / n;
}

const decoders = {};
for (const input of JSON.parse(fs.readFileSync(inputsFile, 'utf8')))
    for (const library of Object.keys(makers)) {
        const decode = decoders[`${library} ${input.name}`] = makers[library][input.kind](input);
        for (let i = 0, until = spent() + 1e6; i < WARM && spent() < until; i++)
            decode();
    }
readline.createInterface({input: process.stdin}).on('line', (line) => console.log(cost(decoders[line]).toFixed(1)));
