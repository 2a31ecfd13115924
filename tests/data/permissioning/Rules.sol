// SPDX-License-Identifier: Apache-2.0
// Contracts with the interface that Besu (to 25.5) asks for permissions: an ingress that names the contract with the rules, and the
// rules for accounts and for nodes. For tests: as small as they can be.
pragma solidity ^0.8.20;

contract Ingress {
    mapping(bytes32 => address) contracts;

    function setContractAddress(bytes32 name, address to) external {
        contracts[name] = to;
    }

    function getContractAddress(bytes32 name) public view returns (address) {
        return contracts[name];
    }

    // What Besu asks of the account ingress.
    function transactionAllowed(address from, address to, uint256 value, uint256 price, uint256 gas, bytes calldata data)
        external view returns (bool)
    {
        address rules = contracts["rules"];
        return rules == address(0) || AccountRules(rules).transactionAllowed(from, to, value, price, gas, data);
    }

    // What Besu asks of the node ingress.
    function connectionAllowed(string calldata id, string calldata host, uint16 port) external view returns (bool) {
        address rules = contracts["rules"];
        return rules == address(0) || NodeRules(rules).enodePermitted(id, host, port);
    }
}

contract Governed {
    address public admin = msg.sender;
    bool locked;

    modifier byAdmin() {
        require(msg.sender == admin, "Sender not authorized");
        require(!locked, "In read only mode: rules cannot be modified");
        _;
    }

    function isReadOnly() external view returns (bool) {
        return locked;
    }

    function enterReadOnly() external byAdmin returns (bool) {
        locked = true;
        return true;
    }

    function exitReadOnly() external returns (bool) {
        require(msg.sender == admin, "Sender not authorized");
        locked = false;
        return true;
    }

    function getContractVersion() external pure returns (uint256) {
        return 3000000;
    }
}

contract AccountRules is Governed {
    address[] list;
    mapping(address => uint256) place; // from 1

    constructor(address first) {
        add(first);
    }

    function add(address account) internal returns (bool) {
        if (place[account] != 0) return false;
        list.push(account);
        place[account] = list.length;
        return true;
    }

    function addAccount(address account) external byAdmin returns (bool) {
        return add(account);
    }

    function removeAccount(address account) external byAdmin returns (bool) {
        uint256 at = place[account];
        if (at == 0) return false;
        address last = list[list.length - 1];
        list[at - 1] = last;
        place[last] = at;
        list.pop();
        place[account] = 0;
        return true;
    }

    function accountPermitted(address account) public view returns (bool) {
        return place[account] != 0;
    }

    function transactionAllowed(address from, address, uint256, uint256, uint256, bytes calldata) external view returns (bool) {
        return accountPermitted(from);
    }

    function getAccounts() external view returns (address[] memory) {
        return list;
    }

    function getSize() external view returns (uint256) {
        return list.length;
    }

    function getByIndex(uint256 i) external view returns (address) {
        return list[i];
    }
}

contract NodeRules is Governed {
    struct Node {
        string id;
        string host;
        uint16 port;
    }
    Node[] list;
    mapping(bytes32 => uint256) place; // from 1

    function key(string memory id, string memory host, uint16 port) internal pure returns (bytes32) {
        return keccak256(abi.encode(id, host, port));
    }

    function addEnode(string calldata id, string calldata host, uint16 port) external byAdmin returns (bool) {
        bytes32 k = key(id, host, port);
        if (place[k] != 0) return false;
        list.push(Node(id, host, port));
        place[k] = list.length;
        return true;
    }

    function removeEnode(string calldata id, string calldata host, uint16 port) external byAdmin returns (bool) {
        bytes32 k = key(id, host, port);
        uint256 at = place[k];
        if (at == 0) return false;
        Node storage last = list[list.length - 1];
        place[key(last.id, last.host, last.port)] = at;
        list[at - 1] = last;
        list.pop();
        place[k] = 0;
        return true;
    }

    function enodePermitted(string calldata id, string calldata host, uint16 port) external view returns (bool) {
        return place[key(id, host, port)] != 0;
    }

    function getSize() external view returns (uint256) {
        return list.length;
    }

    function getByIndex(uint256 i) external view returns (string memory enodeId, string memory host, uint16 port) {
        Node storage n = list[i];
        return (n.id, n.host, n.port);
    }
}
