/* Written out from the ABIs of the packages that known.h names; sorted by their first four
 * bytes. A new row goes to its place: unit_abi looks each one up. */
#include <evm/known.h>

#include <string.h>

struct known {
    uint32_t selector;
    const char *text;
};

static const struct known errors[] = {
    {0x00bf1997, "EmptyReport()"},
    {0x014c5020, "NotEnoughSigners()"},
    {0x02075e00, "LinkBalanceNotSettled()"},
    {0x02b543c6, "MustBeProposedOwner()"},
    {0x039d370b, "AccessNotAllowed(address sender, bytes4 funcSig)"},
    {0x06439c6b, "TokenNotSupported(address token)"},
    {0x068ca9d8, "AccessManagedUnauthorized(address caller)"},
    {0x06b337c2, "GovernorInvalidVoteType()"},
    {0x06cf7cbc, "SourceTokenDataTooLarge(address token, uint256 actualLength, uint32 maxLength)"},
    {0x078f3400, "ReusedCurseId(address voter, bytes16 curseId)"},
    {0x07da6ee6, "InsufficientFeeTokenAmount()"},
    {0x0813ada2, "AccessManagerInvalidInitialAdmin(address initialAdmin)"},
    {0x0849d8cc, "RevokingZeroDigestNotAllowed()"},
    {0x097e17ff, "ReportForwarderUnauthorized(address forwarder, address workflowOwner, bytes10 "
                 "workflowName, bytes2 reportName)"},
    {0x099d3f72, "UnsupportedNumberOfTokens(uint64 sequenceNumber)"},
    {0x09bde339, "InvalidProof()"},
    {0x09c25325, "MessageValidationError(bytes errorReason)"},
    {0x0a7c4edd, "IsBlessedNotAvailable()"},
    {0x0a8d6e8c, "ReceiverError(bytes err)"},
    {0x0b4f67a2, "InvalidFeeRange(uint256 minFeeUSDCents, uint256 maxFeeUSDCents)"},
    {0x0f01ce85, "ForkedChain(uint256 expected, uint256 actual)"},
    {0x10afb5b6, "NoStateProgressMade(bytes32 messageId, bytes err)"},
    {0x10cb51d1, "DataFeedValueOutOfUint224Range()"},
    {0x118cdaa7, "OwnableUnauthorizedAccount(address account)"},
    {0x11a6b264, "LeavesCannotBeEmpty()"},
    {0x12332265, "InvalidTokenTransferFeeConfig(uint64 destChainSelector)"},
    {0x1279ec8a, "InvalidSourceChain(uint64 sourceChainSelector)"},
    {0x1449e68f, "MPCAddressZeroAddress()"},
    {0x14c880ca, "ZeroAddressInvalid()"},
    {0x15279c08, "AggregateValueRateLimitReached(uint256 minWaitInSeconds, uint256 available)"},
    {0x1841b4e1, "InvalidMsgValue()"},
    {0x1871a90c, "AccessManagerLockedRole(uint64 roleId)"},
    {0x18cb6b7a, "AccessManagerNotReady(bytes32 operationId)"},
    {0x195db958, "OnlyCallableByOwnerOrAdminOrNop()"},
    {0x19ca5ebb, "AccessControlEnforcedDefaultAdminDelay(uint48 schedule)"},
    {0x19cdcc32, "NonceDecrementsNotAllowed()"},
    {0x19d5c79b, "AlreadyCursed(bytes16 subject)"},
    {0x1a76572a,
     "TokenMaxCapacityExceeded(uint256 capacity, uint256 requested, address tokenAddress)"},
    {0x1c0a3529, "MustBeCalledByRouter()"},
    {0x1cfe6d8b, "TokenDataMismatch(uint64 sourceChainSelector, uint64 sequenceNumber)"},
    {0x1d5ad3c5, "ChainAlreadyExists(uint64 chainSelector)"},
    {0x1e4fbdf7, "OwnableInvalidOwner(address owner)"},
    {0x1e670e4b, "NonExistentChain(uint64 remoteChainSelector)"},
    {0x221a8ae8, "DuplicatePeerId()"},
    {0x22611167, "StaleCommitReport()"},
    {0x229924e1, "MPCAddressAlreadySet()"},
    {0x22a28212, "InvalidStalenessThreshold()"},
    {0x23130121, "InvalidSubmitter()"},
    {0x232cb97f, "InvalidWithdrawParams()"},
    {0x2432d8ea, "SubjectsMustBeStrictlyIncreasing()"},
    {0x24eb47e5, "InvalidSourcePoolAddress(bytes sourcePoolAddress)"},
    {0x24ecdc02, "InvalidDestBytesOverhead(address token, uint32 destBytesOverhead)"},
    {0x2502348c, "FeeTokenNotSupported(address token)"},
    {0x25c2df0a, "FeeExceedsMaxAllowed(uint256 feeUSDCents, uint32 maxUSDCentsPerMessage)"},
    {0x2665cea2, "InboundImplementationNotFound(address ccvAddress, bytes verifierResults)"},
    {0x26a78f8f, "InvalidRecipientAddress(address to)"},
    {0x2847b606, "OutOfBoundsObserverNodeIndex()"},
    {0x284ff667, "ERC4626ExceededMaxMint(address receiver, uint256 shares, uint256 max)"},
    {0x2882569d, "InsufficientGasToCompleteTx(bytes4 err)"},
    {0x28cae27d, "DuplicateOnchainPublicKey()"},
    {0x2b11b8d9, "ExecutionError(bytes32 messageId, bytes err)"},
    {0x2b5c74de, "OnlyCallableByOwner()"},
    {0x2e2b0c29, "MessageComputeUnitLimitTooHigh()"},
    {0x2e59db3a, "ChainNotSupported(uint64 chain)"},
    {0x2ee82075, "InvalidChainFamilySelector(bytes4 chainFamilySelector)"},
    {0x2f7b1ba2, "SignatureVerificationRequiredInCommitPlugin()"},
    {0x305a27a9, "StringTooLong(string str)"},
    {0x31b75e4d,
     "GovernorUnexpectedProposalState(uint256 proposalId, uint8 current, bytes32 expectedStates)"},
    {0x320ff748, "AccessManagerUnauthorizedConsume(address target)"},
    {0x32cf0cbf, "RootAlreadyCommitted(uint64 sourceChainSelector, bytes32 merkleRoot)"},
    {0x35be3ac8, "InvalidConfig()"},
    {0x35f4a7b3, "AllowListNotEnabled()"},
    {0x367f56a2, "InvalidConfig(uint8 errorType)"},
    {0x36f536ca, "SourceTokenDataTooLarge(address token)"},
    {0x37077ca3, "InvalidProposalSigner()"},
    {0x370d875f, "InvalidAddress(bytes encodedAddress)"},
    {0x371a7328, "CanOnlySelfCall()"},
    {0x38432a22, "InvalidMessageDestChainSelector(uint64 messageDestChainSelector)"},
    {0x3857f84d, "DuplicateSourceChain()"},
    {0x393b8ad2, "PoolAlreadyAdded(uint64 remoteChainSelector, bytes remotePoolAddress)"},
    {0x3aeba390, "InvalidDestChainAddress(bytes destChainAddress)"},
    {0x3caf4585, "PoolAlreadyAdded()"},
    {0x3d9055a7, "InvalidOptionalThreshold(uint8 wanted, uint256 got)"},
    {0x3edffe75, "OnlyPendingAdministrator(address sender, address token)"},
    {0x3ee5aeb5, "ReentrancyGuardReentrantCall()"},
    {0x3f8be2be, "InvalidCommitStoreConfig()"},
    {0x3fc3c27a, "AccessControlEnforcedDefaultAdminRules()"},
    {0x3fe2751c, "AccessManagerUnauthorizedCancel(address msgsender, address caller, address "
                 "target, bytes4 selector)"},
    {0x403b06ae, "OptionalCCVQuorumNotReached(uint256 wanted, uint256 got)"},
    {0x420b006e, "InvalidOnRampUpdate(uint64 sourceChainSelector)"},
    {0x433fc33d, "RateLimitMustBeDisabled()"},
    {0x447b05d0,
     "GovernorInvalidProposalLength(uint256 targets, uint256 calldatas, uint256 values)"},
    {0x44851517, "InvalidSignerOrder()"},
    {0x45ed80e9, "AlreadyRegistered(address token)"},
    {0x46118ee8, "ResourceIDNotMappedToHandler()"},
    {0x463258ff, "InvalidAllowListRequest(uint64 destChainSelector)"},
    {0x46f08154, "OnlyCallableByUpdaterOrOwner()"},
    {0x47096e47, "GovernorOnlyExecutor(address account)"},
    {0x48e617b3, "InvalidManualExecutionTokenGasOverride(bytes32 messageId, uint256 tokenIndex, "
                 "uint256 oldLimit, uint256 tokenGasOverride)"},
    {0x49647790, "OffRampMismatch(uint64 chainSelector, address offRamp)"},
    {0x4bae66b4, "FTFNotSupportedOnPoolV1()"},
    {0x4bbeef8a, "ContractAddressNotWhitelisted(address contractAddress)"},
    {0x4c056b6a, "UnsupportedNumberOfTokens()"},
    {0x4c4fc93a, "MessageGasLimitTooHigh()"},
    {0x4c9c8ce3, "ERC1967InvalidImplementation(address implementation)"},
    {0x4dc162c0, "DepositToCurrentDomain()"},
    {0x4dc2c711, "IncorrectFeeSupplied(uint256)"},
    {0x4de938d1, "InvalidNopAddress(address nop)"},
    {0x504570e3, "InvalidRoot()"},
    {0x50ab49b2, "GasCannotBeZero()"},
    {0x518d2ac5, "RequiredCCVMissing(address requiredCCV)"},
    {0x51ca1ec3, "OnlyRegistryModuleOrOwner(address sender)"},
    {0x5247fdce, "InvalidExtraArgsTag()"},
    {0x5274afe7, "SafeERC20FailedOperation(address token)"},
    {0x53ad11d8, "CursedByRMN()"},
    {0x54336609, "TimelockInsufficientDelay(uint256 delay, uint256 minDelay)"},
    {0x55216e31, "InvalidOffRamp(address expected, bytes got)"},
    {0x55a0e02c, "InvalidExtraArgsTag(bytes4 expected, bytes4 actual)"},
    {0x55e9b08b, "VoteToCurseNoop()"},
    {0x568efce2, "MismatchedArrayLengths()"},
    {0x57e0e083, "UnexpectedTokenData()"},
    {0x59fa4a93, "ThresholdNotMet()"},
    {0x5bed5192, "InvalidTokenReceiver()"},
    {0x5cf04449, "CannotSendZeroTokens()"},
    {0x5e570e51, "SkippedAlreadyExecutedMessage(bytes32 messageId, uint64 sourceChainSelector, "
                 "uint64 messageNumber)"},
    {0x5ead8eb5, "TimelockUnexpectedOperationState(bytes32 operationId, bytes32 expectedStates)"},
    {0x5f159e63, "AccessManagerBadConfirmation()"},
    {0x604c7677, "VoteToBlessNoop()"},
    {0x60a299b0, "AccessManagerNotScheduled(bytes32 operationId)"},
    {0x62e77ba2, "ERC1967InvalidAdmin(address admin)"},
    {0x6358b0d0, "ManualExecutionNotYetEnabled()"},
    {0x63e60a49, "EmptyProposalsArray()"},
    {0x64ced0ec, "ERC1967InvalidBeacon(address beacon)"},
    {0x655a7c0e, "InvalidDecimalArgs(uint8 expected, uint8 actual)"},
    {0x6697b232, "AccessControlBadConfirmation()"},
    {0x68a8cf4a, "TokenReceiverNotAllowed(uint64 destChainSelector)"},
    {0x68c2514e, "CanOnlySendOneTokenPerMessage()"},
    {0x6a92a483, "MessageFeeTooHigh(uint256 msgFeeJuels, uint256 maxFeeJuelsPerMsg)"},
    {0x6ad06075, "GovernorNonexistentProposal(uint256 proposalId)"},
    {0x6c2a4180, "InvalidTokenPoolConfig()"},
    {0x6c95f1eb, "SourceChainSelectorMismatch(uint64 reportSourceChainSelector, uint64 "
                 "messageSourceChainSelector)"},
    {0x6cc7b998, "TokenPoolMismatch()"},
    {0x6d1eca28, "InvalidAddressLength(uint256 length)"},
    {0x6dfcc650, "SafeCastOverflowedUintDowncast(uint8 bits, uint256 value)"},
    {0x703474a1, "InteroperableAddressEmptyReferenceAndAddress()"},
    {0x70a193fd, "ManualExecutionGasAmountCountMismatch(bytes32 messageId, uint64 sequenceNumber)"},
    {0x71253a25, "WrongNumberOfSignatures()"},
    {0x7185cf6b, "InvalidMessageId()"},
    {0x71c6af49, "GovernorAlreadyCastVote(address voter)"},
    {0x728fe07b, "CallerIsNotARampOnRouter(address caller)"},
    {0x73281fa1, "NotCursed(bytes16 subject)"},
    {0x73913ebd, "PoolDoesNotExist(address token)"},
    {0x74f23c7c, "InvalidRemotePoolForChain(uint64 remoteChainSelector, bytes remotePoolAddress)"},
    {0x752d88c0, "InvalidAccountNonce(address account, uint256 currentNonce)"},
    {0x7531a8c6, "InvalidManualExecutionGasLimit(uint64 sourceChainSelector, bytes32 messageId, "
                 "uint256 newLimit)"},
    {0x789d3263, "InvalidEncodingVersion(uint8 version)"},
    {0x78a5d6e4, "AccessManagerExpired(bytes32 operationId)"},
    {0x78ef8024, "InvalidDataLength(uint256 expected, uint256 got)"},
    {0x79012fb2, "ERC4626ExceededMaxDeposit(address receiver, uint256 assets, uint256 max)"},
    {0x7a16ee07, "LinkAlreadyRegistered(bytes chain)"},
    {0x7b4d1e4f, "NoOpStateTransitionNotAllowed()"},
    {0x7b6c0297, "MustSpecifyDefaultOrRequiredCCVs()"},
    {0x7dd17a7e, "RootNotCommitted(uint64 sourceChainSelector)"},
    {0x7e165f77, "CrosschainFungibleEmptyAddress()"},
    {0x8020d124,
     "InvalidRateLimitRate((bool isEnabled, uint128 capacity, uint128 rate) rateLimiterConfig)"},
    {0x813e9459, "AccessManagerAlreadyScheduled(bytes32 operationId)"},
    {0x815e1d64, "InvalidSigner()"},
    {0x81c6f24b, "AccessManagerUnauthorizedCall(address caller, address target, bytes4 selector)"},
    {0x83c758a6, "DestinationChainNotSupportedByCCV(address ccvAddress, uint64 destChainSelector)"},
    {0x83d52669, "InvalidNumberOfTokens(uint256 numTokens)"},
    {0x83e3f564, "ManualExecutionGasLimitMismatch()"},
    {0x85412e7f, "UnauthorizedVoter(address voter)"},
    {0x8579befe, "ZeroAddressNotAllowed()"},
    {0x85d2e5bf, "DestinationGasAmountCountMismatch(bytes32 messageId, uint64 sequenceNumber)"},
    {0x867db771, "GovernorInvalidVoteParams()"},
    {0x86933789, "MessageTooLarge(uint256 maxSize, uint256 actualSize)"},
    {0x8727a7f9, "QuoteExpired()"},
    {0x87f6037c, "StaticConfigCannotBeChanged(uint8 ocrPluginType)"},
    {0x8808f8e7, "TokenDataMismatch(uint64 sequenceNumber)"},
    {0x88f80aa2, "InvalidVerifierResultsLength(uint256 expected, uint256 got)"},
    {0x8a0d71f7, "TooManySVMExtraArgsAccounts(uint256 numAccounts, uint256 maxAccounts)"},
    {0x8b1fa9dd, "TokenAmountCannotBeZero()"},
    {0x8baa579f, "InvalidSignature()"},
    {0x8d0f71d8, "NoFeesToPay()"},
    {0x8d666f60, "InvalidEVMAddress(bytes encodedAddress)"},
    {0x8dfc202b, "ExpectedPause()"},
    {0x8e1192e1, "WrongMessageLength(uint256 expected, uint256 actual)"},
    {0x8e4a23d6, "Unauthorized(address caller)"},
    {0x8fe5d8a9, "GovernorUnableToCancel(uint256 proposalId, address account)"},
    {0x905d7d9b, "OnlyCallableByOwnerOrAllowlistAdmin()"},
    {0x90a9a618, "TimelockUnexecutedPredecessor(bytes32 predecessorId)"},
    {0x90bfb865, "WrappedError(address target, bytes4 selector, bytes reason, bytes details)"},
    {0x91c57266,
     "RootBlessingMismatch(uint64 sourceChainSelector, bytes32 merkleRoot, bool isBlessed)"},
    {0x9218ad0a, "TokenArgsNotSupportedOnPoolV1()"},
    {0x926c5a3e,
     "InvalidNewState(uint64 sourceChainSelector, uint64 sequenceNumber, uint8 newState)"},
    {0x93df584c, "ConfigDigestMismatch(bytes32 expectedConfigDigest, bytes32 gotConfigDigest)"},
    {0x94280d62, "ERC20InvalidSpender(address spender)"},
    {0x94ab6c07, "GovernorInvalidSignature(address voter)"},
    {0x953576f7, "InvalidRemoteChainDecimals(bytes sourcePoolData)"},
    {0x95f3517a, "InvalidTransferFeeBps(uint256 bps)"},
    {0x961c9a4f, "InvalidToken(address token)"},
    {0x962b60e6, "InvalidTokenPoolToken(address token)"},
    {0x96c6fd1e, "ERC20InvalidSender(address sender)"},
    {0x9725942a, "BucketOverfilled()"},
    {0x990e30bf, "NoNopsToPay()"},
    {0x9996b315, "AddressEmptyCode(address target)"},
    {0x99ac52f2, "DestinationChainNotEnabled(uint64 destChainSelector)"},
    {0x9a655f7b, "PriceNotFoundForToken(address token)"},
    {0x9b15e16f, "OwnerCannotBeZero()"},
    {0x9c6db58d,
     "InvalidManualExecutionGasLimit(bytes32 messageId, uint256 oldLimit, uint256 newLimit)"},
    {0x9cf8540c, "ZeroValueNotAllowed()"},
    {0x9d23eccc, "MPCAddressIsNotUpdatable()"},
    {0x9e261603, "InvalidNewState(uint64 sequenceNumber, uint8 newState)"},
    {0x9e7177c8, "GetSupportedTokensFunctionalityRemovedCheckAdminRegistry()"},
    {0x9fe2f95a, "TokenHandlingError(address target, bytes err)"},
    {0xa0bce24f, "RootAlreadyCommitted()"},
    {0xa1726e40, "DuplicateCCVNotAllowed(address ccvAddress)"},
    {0xa4ec7479, "RouterMustSetOriginalSender()"},
    {0xa50bd147, "InvalidOnRamp(bytes got)"},
    {0xa7499d20, "NotAFeeToken(address token)"},
    {0xa75d88af, "SignaturesOutOfRegistration()"},
    {0xa804bcb3, "NotEnoughObservers()"},
    {0xa966e21f, "ReleaseOrMintBalanceMismatch(uint256 amountReleased, uint256 balancePre, uint256 "
                 "balancePost)"},
    {0xa9902c7e, "ChainNotAllowed(uint64 remoteChainSelector)"},
    {0xa9cb113d,
     "OverflowDetected(uint8 remoteDecimals, uint8 localDecimals, uint256 remoteAmount)"},
    {0xa9cfc862, "ManualExecutionNotYetEnabled(uint64 sourceChainSelector)"},
    {0xaaaa9141, "UnexpectedSigner()"},
    {0xab2d0311, "GovernorProposalQueueingFailed(uint256 proposalId)"},
    {0xace124bc, "ConfigNotSet()"},
    {0xae00651d, "DuplicateOffchainPublicKey()"},
    {0xae236d9c, "UnsupportedDestinationChain(uint64 destChainSelector)"},
    {0xae9b4ce9, "NotACompatiblePool(address notPool)"},
    {0xaf26d5e3, "OutOfBoundsNodesLength()"},
    {0xaf77169d, "AccessManagedRequiredDelay(address caller, uint32 delay)"},
    {0xafa93308,
     "InvalidSVMExtraArgsWritableBitmap(uint64 accountIsWritableBitmap, uint256 numAccounts)"},
    {0xb00b53dc, "InvalidExtraArgsData()"},
    {0xb3512b0c, "InvalidShortString()"},
    {0xb398979f, "ERC1967NonPayable()"},
    {0xb4205b42, "InvalidDataLength(uint8 location)"},
    {0xb5a10cfa, "TooManyNops()"},
    {0xb80d8fa9, "CommitOnRampMismatch(bytes reportOnRamp, bytes configOnRamp)"},
    {0xb915daf5, "StaleQuote()"},
    {0xb94abeec, "ERC4626ExceededMaxRedeem(address owner, uint256 shares, uint256 max)"},
    {0xbb1ae18d, "InvalidInterval((uint64 min, uint64 max) interval)"},
    {0xbb55fd27, "InsufficientLiquidity()"},
    {0xbbe15e7f, "OutOfOrderSignatures()"},
    {0xbe26f76c, "OptionalMessageCallFailed()"},
    {0xbf16aab6, "UnsupportedToken(address token)"},
    {0xbff66cef, "DestinationChainNotSupported(uint64 destChainSelector)"},
    {0xc1483715, "BadARMSignal()"},
    {0xc22c8022, "AccessControlInvalidDefaultAdmin(address defaultAdmin)"},
    {0xc2306903, "UnexpectedValue(uint256 actual, uint256 expected)"},
    {0xc242ee16,
     "GovernorInsufficientProposerVotes(address proposer, uint256 votes, uint256 threshold)"},
    {0xc28a273c, "ERC1967ProxyUninitialized()"},
    {0xc2e5347d, "EmptyBatch()"},
    {0xc2f31e5e, "AccessManagedInvalidAuthority(address authority)"},
    {0xc35aa79d, "InvalidDestChainConfig(uint64 destChainSelector)"},
    {0xc512f96c, "RequestedFinalityCanOnlyHaveOneMode(bytes4 encodedFinality)"},
    {0xc6117ae2, "PreviousRampAlreadySet()"},
    {0xc6560895, "ZeroChainSelectorNotAllowed()"},
    {0xc65fdfca, "StaleTokenPrice(address token, uint256 threshold, uint256 timePassed)"},
    {0xca31867a, "UnauthorizedSigner()"},
    {0xcb1afbd7, "CallerIsNotOwnerOrFeeAdmin(address caller)"},
    {0xcca785b9, "MPCAddressNotSet()"},
    {0xcddea737, "ERC7786RecipientUnauthorizedGateway(address gateway, bytes sender)"},
    {0xcde2d97c, "VoteToBlessForbiddenDuringActiveGlobalCurse()"},
    {0xced9e496, "EmptyReport(uint64 sourceChainSelector)"},
    {0xcf19edfd, "ExecutionError(bytes err)"},
    {0xcf479181, "InsufficientBalance(uint256 requested, uint256 available)"},
    {0xd0b2c031, "DigestNotFound(bytes32 configDigest)"},
    {0xd0c8d23a,
     "TokenRateLimitReached(uint256 minWaitInSeconds, uint256 available, address tokenAddress)"},
    {0xd0d25976, "SenderNotAllowed(address sender)"},
    {0xd2316ede, "OnlyOffRamp()"},
    {0xd2b576ec, "ProxyDeniedAdminAccess()"},
    {0xd5e0f0d6, "InvalidInterval(uint64 sourceChainSelector, uint64 min, uint64 max)"},
    {0xd68af9cc,
     "DisabledNonZeroRateLimit((bool isEnabled, uint128 capacity, uint128 rate) config)"},
    {0xd6bda275, "FailedCall()"},
    {0xd6c62c9b, "OracleCannotBeZeroAddress()"},
    {0xd794ef95, "InvalidStaticConfig()"},
    {0xd838bcb7, "GovernorProposalQueueingNotRequired(uint256 proposalId)"},
    {0xd86ad9cf, "UnauthorizedCaller(address caller)"},
    {0xd8707052, "RecipientCannotBeZeroAddress()"},
    {0xd88dddd6,
     "UnsupportedNumberOfTokens(uint256 numberOfTokens, uint256 maxNumberOfTokensPerMsg)"},
    {0xd92e233d, "ZeroAddress()"},
    {0xd93c0665, "EnforcedPause()"},
    {0xd9437f9d, "InvalidDataLength(uint8 location, uint256 offset)"},
    {0xd9a9cd68, "InvalidChainSelector(uint64 chainSelector)"},
    {0xd9b39557, "GovernorRestrictedProposer(address proposer)"},
    {0xda0f08e8, "UnauthorizedTransmitter()"},
    {0xdad89dca, "CannotTransferToSelf()"},
    {0xdf2964df, "InvalidGasLimitOverride(uint32 messageGasLimit, uint32 gasLimitOverride)"},
    {0xdf63778f, "InvalidRequestedFinality(bytes4 requestedFinality, bytes4 allowedFinality)"},
    {0xdf85440e, "CommitStoreAlreadyInUse()"},
    {0xe0d7fb02, "Invalid32ByteAddress(bytes encodedAddress)"},
    {0xe1c9e479, "UnsupportedAttribute(bytes4 selector)"},
    {0xe1cd5509, "TokenHandlingError(bytes err)"},
    {0xe2517d3f, "AccessControlUnauthorizedAccount(address account, bytes32 neededRole)"},
    {0xe2850c59, "TimelockUnauthorizedCaller(address caller)"},
    {0xe417b80b, "FailedToSendValue()"},
    {0xe450d38c, "ERC20InsufficientBalance(address sender, uint256 balance, uint256 needed)"},
    {0xe5c7a491, "MaxFeeBalanceReached()"},
    {0xe602df05, "ERC20InvalidApprover(address approver)"},
    {0xe7c8d4cf, "InteroperableAddressParsingError(bytes)"},
    {0xe90a651e, "GovernorDisabledDeposit()"},
    {0xe93f8fa4, "LiquidityNotAccepted()"},
    {0xea756801, "RootNotCommitted()"},
    {0xec442f05, "ERC20InvalidReceiver(address receiver)"},
    {0xeced32bc, "PausedError()"},
    {0xed053c59, "SourceChainNotEnabled(uint64 sourceChainSelector)"},
    {0xed5d85b5, "OnlyAdministrator(address sender, address token)"},
    {0xee433e99, "ExtraArgOutOfOrderExecutionMustBeTrue()"},
    {0xef0c6352, "InvalidTokenGasOverride(bytes32 messageId, uint256 tokenIndex, uint256 oldLimit, "
                 "uint256 tokenGasOverride)"},
    {0xf07e038f, "AccessManagerUnauthorizedAccount(address msgsender, uint64 roleId)"},
    {0xf08bcb3e, "StaleGasPrice(uint64 destChainSelector, uint256 threshold, uint256 timePassed)"},
    {0xf1cfbf05, "GovernorInvalidVotingPeriod(uint256 votingPeriod)"},
    {0xf20e7d37, "GovernorAlreadyQueuedProposal(uint256 proposalId)"},
    {0xf4744e4a, "AccessManagerLockedFunction(bytes4 selector)"},
    {0xf4d678b8, "InsufficientBalance()"},
    {0xf67bc7c4, "NonUniqueSignatures()"},
    {0xf6cd5620, "OnlyCallableByAdminOrOwner()"},
    {0xf718e9a0, "SignatureVerificationNotAllowedInExecutionPlugin()"},
    {0xf803a2ca, "StaleReport()"},
    {0xf8618030, "InvalidQuote()"},
    {0xf94ebcd1, "AggregateValueMaxCapacityExceeded(uint256 capacity, uint256 requested)"},
    {0xfb106b6a, "UnvoteToCurseNoop()"},
    {0xfb8f41b2, "ERC20InsufficientAllowance(address spender, uint256 allowance, uint256 needed)"},
    {0xfbdb8e56, "OnlyCallableByOwnerOrAdmin()"},
    {0xfdbd6a72, "CursedByRMN(uint64 sourceChainSelector)"},
    {0xfe9cceec, "ERC4626ExceededMaxWithdraw(address owner, uint256 assets, uint256 max)"},
    {0xffb03211,
     "TimelockInvalidOperationLength(uint256 targets, uint256 payloads, uint256 values)"},
};

static const struct known functions[] = {
    {0x0041e5be, "convertTokenAmount(address fromToken, uint256 fromTokenAmount, address toToken) "
                 "view returns (uint256)"},
    {0x006e75ec, "lastData() view returns (bytes)"},
    {0x00a718a9, "liquidationCall(address collateralAsset, address debtAsset, address user, "
                 "uint256 debtToCover, bool receiveAToken)"},
    {0x01447eaa, "processPoolReturnData(uint64 destChainSelector, (address sourcePoolAddress, "
                 "bytes destTokenAddress, bytes extraData, uint256 amount, bytes destExecData)[] "
                 "onRampTokenTransfers, (address token, uint256 amount)[] sourceTokenAmounts) view "
                 "returns (bytes[] destExecDataPerToken)"},
    {0x0148170e, "POOL_REVISION() view returns (uint256)"},
    {0x017e7e58, "feeTo() view returns (address)"},
    {0x01d5062a, "schedule(address target, uint256 value, bytes data, bytes32 predecessor, bytes32 "
                 "salt, uint256 delay)"},
    {0x01e1d114, "totalAssets() view returns (uint256)"},
    {0x01ffc9a7, "supportsInterface(bytes4 interfaceId) view returns (bool)"},
    {0x02037b80, "removeQuoteSigner(address _signer)"},
    {0x022c0d9f, "swap(uint256 amount0Out, uint256 amount1Out, address to, bytes data)"},
    {0x022d63fb, "defaultAdminDelayIncreaseWait() view returns (uint48)"},
    {0x026b1d5f, "getPool() view returns (address)"},
    {0x026c3348,
     "destinationGasOverhead(uint32 destinationDomain) view returns (uint256 gasOverhead)"},
    {0x02a251a3, "votingPeriod() view returns (uint256)"},
    {0x02c205f0,
     "supplyWithPermit(address asset, uint256 amount, address onBehalfOf, uint16 referralCode, "
     "uint256 deadline, uint8 permitV, bytes32 permitR, bytes32 permitS)"},
    {0x02fb45e6,
     "initReserves((address aTokenImpl, address stableDebtTokenImpl, address "
     "variableDebtTokenImpl, uint8 underlyingAssetDecimals, address interestRateStrategyAddress, "
     "address underlyingAsset, address treasury, address incentivesController, string aTokenName, "
     "string aTokenSymbol, string variableDebtTokenName, string variableDebtTokenSymbol, string "
     "stableDebtTokenName, string stableDebtTokenSymbol, bytes params)[] input)"},
    {0x0395974c, "executeProposal(uint8 originDomainID, uint64 depositNonce, bytes data, bytes32 "
                 "resourceID, bytes signature)"},
    {0x04df017d, "removeBridge(address bridge)"},
    {0x0542975c, "ADDRESSES_PROVIDER() view returns (address)"},
    {0x059972d2, "_MPCAddress() view returns (address)"},
    {0x061877e3, "getPremiumMultiplierWeiPerEth(address token) view returns (uint64 "
                 "premiumMultiplierWeiPerEth)"},
    {0x06285c69, "getStaticConfig() view returns ((address linkToken, uint64 chainSelector, uint64 "
                 "destChainSelector, uint64 defaultTxGasLimit, uint96 maxNopFeesJuels, address "
                 "prevOnRamp, address rmnProxy, address tokenAdminRegistry))"},
    {0x06661abd, "count() view returns (uint32)"},
    {0x06b859ef, "getRequiredCCVs(address localToken, uint64 remoteChainSelector, uint256 "
                 "sourceDenominatedAmount, bytes4 requestedFinalityConfig, bytes extraData, uint8 "
                 "direction) view returns (address[] requiredCCVs)"},
    {0x06fdde03, "name() view returns (string)"},
    {0x074b2e43, "FLASHLOAN_PREMIUM_TOTAL() view returns (uint128)"},
    {0x07a2d13a, "convertToAssets(uint256 shares) view returns (uint256)"},
    {0x07a2fda1, "processedAt(bytes32 _id) view returns (uint48)"},
    {0x07b7ed99, "setBurnable(address contractAddress)"},
    {0x07bd0265, "EXECUTOR_ROLE() view returns (bytes32)"},
    {0x086011b9, "postDispatch(bytes metadata, bytes message) payable"},
    {0x08a64104, "usedNonces(uint8, uint256) view returns (uint256)"},
    {0x08d6122d, "setTargetFunctionRole(address target, bytes4[] selectors, uint64 roleId)"},
    {0x0902f1ac, "getReserves() view returns (uint112 _reserve0, uint112 _reserve1, uint32 "
                 "_blockTimestampLast)"},
    {0x094b7415, "feeToSetter() view returns (address)"},
    {0x095ea7b3, "approve(address spender, uint256 amount) returns (bool)"},
    {0x0968f264, "withdraw(bytes data)"},
    {0x09b0b794, "getLink(bytes chain) view returns (address gateway, bytes counterpart)"},
    {0x0a28a477, "previewWithdraw(uint256 assets) view returns (uint256)"},
    {0x0a2ee402, "processInboundMessage(uint32 _nonce) payable"},
    {0x0a6d55d8, "_resourceIDToTokenContractAddress(bytes32) view returns (address)"},
    {0x0a861f2a, "withdrawLiquidity(uint256 amount)"},
    {0x0aa6220b, "rollbackDefaultAdminDelay()"},
    {0x0afbcdc9, "getScaledUserBalanceAndSupply(address user) view returns (uint256, uint256)"},
    {0x0b009be2, "getPermaBlessedCommitStores() view returns (address[])"},
    {0x0b0a93ba, "getRoleGuardian(uint64 roleId) view returns (uint64)"},
    {0x0b3429a2, "getVariableRateSlope1() view returns (uint256)"},
    {0x0b52d558, "delegationWithSig(address delegator, address delegatee, uint256 value, uint256 "
                 "deadline, uint8 v, bytes32 r, bytes32 s)"},
    {0x0bd7ad3b, "ATOKEN_REVISION() view returns (uint256)"},
    {0x0c979919, "addRebalancer(address rebalancer)"},
    {0x0d582f13, "addOwnerWithThreshold(address owner, uint256 _threshold)"},
    {0x0dfe1681, "token0() view returns (address)"},
    {0x0e67178c, "getACLAdmin() view returns (address)"},
    {0x0e72cc06, "setInterchainSecurityModule(address _module)"},
    {0x10b83dc0, "dispatch(uint32 destinationDomain, bytes32 recipientAddress, bytes messageBody, "
                 "bytes metadata, address hook) payable returns (bytes32)"},
    {0x10c374ed, "getLatestPriceEpochAndRound() view returns (uint64)"},
    {0x10cbcf18, "removeRegistryModule(address module)"},
    {0x118dbac5, "setCandidate(((bytes32 peerId, bytes32 offchainPublicKey)[] nodes, bytes "
                 "offchainConfig) staticConfig, ((uint64 chainSelector, uint64 fObserve, uint256 "
                 "observerNodesBitmap)[] sourceChains, bytes offchainConfig) dynamicConfig, "
                 "bytes32 digestToOverwrite) returns (bytes32 newConfigDigest)"},
    {0x11bf2c18, "payForGas(bytes32 _messageId, uint32 _destinationDomain, uint256 _gasLimit, "
                 "address _refundAddress) payable"},
    {0x12168dc2, "getSequencerOracle() view returns (address)"},
    {0x123e65db, "getActiveDigest() view returns (bytes32)"},
    {0x128acb08, "swap(address recipient, bool zeroForOne, int256 amountSpecified, uint160 "
                 "sqrtPriceLimitX96, bytes data) returns (int256 amount0, int256 amount1)"},
    {0x12be8727, "getRoleGrantDelay(uint64 roleId) view returns (uint32)"},
    {0x12fb68e0, "checkNSignatures(bytes32 dataHash, bytes data, bytes signatures, uint256 "
                 "requiredSignatures) view"},
    {0x12fc3cd7,
     "setTokenGasOracles((address feeToken, uint32 remoteDomain, address gasOracle)[] _configs)"},
    {0x134008d3, "execute(address target, uint256 value, bytes payload, bytes32 predecessor, "
                 "bytes32 salt) payable"},
    {0x134fbb4f, "latestDispatchedId() view returns (bytes32)"},
    {0x13af4035, "setOwner(address _owner)"},
    {0x13bc9f20, "isOperationReady(bytes32 id) view returns (bool)"},
    {0x13ee32e0, "isAssetListingAdmin(address admin) view returns (bool)"},
    {0x1426b7f4, "setRequiredHook(address _hook)"},
    {0x142a98fc, "getExecutionState(uint64 sequenceNumber) view returns (uint8)"},
    {0x143489d0, "proposalProposer(uint256 proposalId) view returns (address)"},
    {0x145f5892, "setUnbackedMintCap(address asset, uint256 newUnbackedMintCap)"},
    {0x14e32da4, "getStableRateSlope2() view returns (uint256)"},
    {0x150b7a02, "onERC721Received(address, address, uint256, bytes) returns (bytes4)"},
    {0x156194da, "acceptAdminRole(address localToken)"},
    {0x15c65588, "unvoteToCurse((bytes16 subject, bytes28 cursesHash)[] unvoteToCurseRequests)"},
    {0x1605c306, "processNextInboundMessage() payable"},
    {0x160cbed7, "queue(address[] targets, uint256[] values, bytes[] calldatas, bytes32 "
                 "descriptionHash) returns (uint256)"},
    {0x163a0f20, "getReserveEModeCategory(address asset) view returns (uint256)"},
    {0x167bd395, "setTargetClosed(address target, bool closed)"},
    {0x1688f0b9, "createProxyWithNonce(address _singleton, bytes initializer, uint256 saltNonce) "
                 "returns (address proxy)"},
    {0x1698ee82, "getPool(address, address, uint24) view returns (address)"},
    {0x170aee73, "setFallbackOracle(address fallbackOracle)"},
    {0x1772047e,
     "getTokenTransferFeeConfig(address token) view returns ((uint32 minFeeUSDCents, uint32 "
     "maxFeeUSDCents, uint16 deciBps, uint32 destGasOverhead, uint32 destBytesOverhead, bool "
     "aggregateRateLimitEnabled, bool isEnabled) tokenTransferFeeConfig)"},
    {0x179efb09, "addEmergencyAdmin(address admin)"},
    {0x18160ddd, "totalSupply() view returns (uint256)"},
    {0x181f5a77, "typeAndVersion() view returns (string)"},
    {0x1826b1e7, "getFee(address, uint64 destChainSelector, uint256, address, bytes4 "
                 "requestedFinalityConfig, bytes) view returns (uint256 feeUSDCents, uint32 "
                 "destGasOverhead, uint32 destBytesOverhead, uint16 tokenFeeBps, bool isEnabled)"},
    {0x183fb413, "initialize(address initializingPool, address treasury, address underlyingAsset, "
                 "address incentivesController, uint8 aTokenDecimals, string aTokenName, string "
                 "aTokenSymbol, bytes params)"},
    {0x18ff183c, "updateAuthority(address target, address newAuthority)"},
    {0x192ae4b6, "quoteGasPayment(address _feeToken, uint32 _destinationDomain, uint256 _gasLimit) "
                 "view returns (uint256)"},
    {0x198f0f77, "setConfig((bytes32 rmnHomeContractConfigDigest, (address onchainPublicKey, "
                 "uint64 nodeIndex)[] signers, uint64 fSign) newConfig)"},
    {0x1a686502, "liquidity() view returns (uint128)"},
    {0x1ad8b03b, "protocolFees() view returns (uint128 token0, uint128 token1)"},
    {0x1add205f,
     "getVersionedConfig() view returns (uint32 version, (bytes32 rmnHomeContractConfigDigest, "
     "(address onchainPublicKey, uint64 nodeIndex)[] signers, uint64 fSign) config)"},
    {0x1af5fe38, "adminSetResourceHandler(uint8 destinationDomainID, bytes32 resourceID, address "
                 "handlerAddress)"},
    {0x1ba83149, "allowedBridges(uint32 domain) view returns (address[])"},
    {0x1c2eaac0, "scaleNumerator() view returns (uint256)"},
    {0x1c31f710, "setBeneficiary(address _beneficiary)"},
    {0x1cff79cd, "execute(address target, bytes data) payable returns (uint32)"},
    {0x1d2118f9,
     "setReserveInterestRateStrategyAddress(address asset, address newRateStrategyAddress)"},
    {0x1da24f3e, "scaledBalanceOf(address user) view returns (uint256)"},
    {0x1df970bd, "updateFlashloanPremiumToProtocol(uint128 newFlashloanPremiumToProtocol)"},
    {0x1e3dd18b, "allPairs(uint256) view returns (address)"},
    {0x1e4e0091, "setRoleAdmin(bytes32 role, bytes32 adminRole)"},
    {0x1ef38174, "setOCR2Config(address[] signers, address[] transmitters, uint8 f, bytes "
                 "onchainConfig, uint64 offchainConfigVersion, bytes offchainConfig)"},
    {0x1f5c64c1, "executeProposals((uint8 originDomainID, uint64 depositNonce, bytes32 resourceID, "
                 "bytes data)[] proposals, bytes signature)"},
    {0x1fcac7f3, "checkNSignatures(address executor, bytes32 dataHash, bytes signatures, uint256 "
                 "requiredSignatures) view"},
    {0x20487ded, "getFee(uint64 destChainSelector, (bytes receiver, bytes data, (address token, "
                 "uint256 amount)[] tokenAmounts, address feeToken, bytes extraArgs) message) view "
                 "returns (uint256 feeTokenAmount)"},
    {0x20f81c88, "getCCVsForMessage(bytes encodedMessage) view returns (address[] requiredCCVs, "
                 "address[] optionalCCVs, uint8 threshold)"},
    {0x2113522a, "lastCaller() view returns (address)"},
    {0x21df0da7, "getToken() view returns (address token)"},
    {0x21f8a721, "getAddress(bytes32 id) view returns (address)"},
    {0x22650caf, "addPoolAdmin(address admin)"},
    {0x22a8d6fc, "signatureCount(bytes _metadata) pure returns (uint256)"},
    {0x22afcccb, "feeAmountTickSpacing(uint24) view returns (int24)"},
    {0x23b872dd, "transferFrom(address sender, address recipient, uint256 amount) returns (bool)"},
    {0x240028e8, "isSupportedToken(address token) view returns (bool)"},
    {0x2422ac45, "getCurrentRateLimiterState(uint64 remoteChainSelector, bool fastFinality) view "
                 "returns ((uint128 tokens, uint32 lastUpdated, bool isEnabled, uint128 capacity, "
                 "uint128 rate) outboundRateLimiterState, (uint128 tokens, uint32 lastUpdated, "
                 "bool isEnabled, uint128 capacity, uint128 rate) inboundRateLimiterState)"},
    {0x2432ef26,
     "receiveMessage(bytes32 receiveId, bytes sender, bytes payload) payable returns (bytes4)"},
    {0x2451a627, "getAllAuthorizedCallers() view returns (address[])"},
    {0x248a9ca3, "getRoleAdmin(bytes32 role) view returns (bytes32)"},
    {0x2490769e,
     "applyDestChainConfigUpdates((uint64 destChainSelector, address router, uint8 "
     "addressBytesLength, bool tokenReceiverAllowed, uint16 messageNetworkFeeUSDCents, uint16 "
     "tokenNetworkFeeUSDCents, uint32 baseExecutionGasCost, address[] defaultCCVs, address[] "
     "laneMandatedCCVs, address defaultExecutor, bytes offRamp)[] destChainConfigArgs)"},
    {0x24f65ee7, "getTokenDecimals() view returns (uint8 decimals)"},
    {0x2500f2b6, "isEmergencyAdmin(address admin) view returns (bool)"},
    {0x252c09d7, "observations(uint256) view returns (uint32 blockTimestamp, int56 tickCumulative, "
                 "uint160 secondsPerLiquidityCumulativeX128, bool initialized)"},
    {0x25307065, "collectFee(address sender, uint8 fromDomainID, uint8 destinationDomainID, "
                 "bytes32 resourceID, bytes depositData, bytes feeData) payable"},
    {0x253cf980, "removeFlashBorrower(address borrower)"},
    {0x256fec88, "lastSender() view returns (bytes32)"},
    {0x25c471a0, "grantRole(uint64 roleId, address account, uint32 executionDelay)"},
    {0x2656227d, "execute(address[] targets, uint256[] values, bytes[] calldatas, bytes32 "
                 "descriptionHash) payable returns (uint256)"},
    {0x26d2cec2, "setLiquidationProtocolFee(address asset, uint256 newFee)"},
    {0x26d5b1a6,
     "destinationGasLimit(uint32 _destinationDomain, uint256 _gasLimit) view returns (uint256)"},
    {0x2716072b, "applyDestChainConfigUpdates((uint64 destChainSelector, address router, bool "
                 "allowlistEnabled)[] destChainConfigArgs)"},
    {0x272d9072, "BRIDGE_PROTOCOL_FEE() view returns (uint256)"},
    {0x27e936f1,
     "setDynamicConfig((address feeQuoter, bool reentrancyGuardEntered, address "
     "messageInterceptor, address feeAggregator, address allowlistAdmin) dynamicConfig)"},
    {0x28530a47, "setUserEMode(uint8 categoryId)"},
    {0x28dcc8d8, "crosschainTransfer(bytes to, uint256 amount) returns (bytes32)"},
    {0x28dd2d01,
     "getUserReserveData(address asset, address user) view returns (uint256 currentATokenBalance, "
     "uint256 currentStableDebt, uint256 currentVariableDebt, uint256 principalStableDebt, uint256 "
     "scaledVariableDebt, uint256 stableBorrowRate, uint256 liquidityRate, uint40 "
     "stableRateLastUpdated, bool usageAsCollateralEnabled)"},
    {0x294b5630, "getPreviousRamps(uint64 chainSelector) view returns ((address prevOnRamp, "
                 "address prevOffRamp))"},
    {0x29b980e4, "setLatestPriceEpochAndRound(uint40 latestPriceEpochAndRound)"},
    {0x2ab0f529, "isOperationDone(bytes32 id) view returns (bool)"},
    {0x2c2d8089, "setRecipient(uint32 domain, bytes32 recipient)"},
    {0x2cab0fb6,
     "releaseOrMint((bytes originalSender, uint64 remoteChainSelector, address receiver, uint256 "
     "sourceDenominatedAmount, address localToken, bytes sourcePoolAddress, bytes sourcePoolData, "
     "bytes offchainTokenData) releaseOrMintIn, bytes4 requestedFinalityConfig) returns ((uint256 "
     "destinationAmount))"},
    {0x2cbc26bb, "isCursed(bytes16 subject) view returns (bool)"},
    {0x2d63f693, "proposalSnapshot(uint256 proposalId) view returns (uint256)"},
    {0x2d9ad53d, "isModuleEnabled(address module) view returns (bool)"},
    {0x2dac3b21, "initialize(address _owner, address[] _validators, uint8 _threshold)"},
    {0x2dad97d4,
     "repayWithATokens(address asset, uint256 amount, uint256 interestRateMode) returns (uint256)"},
    {0x2e0ed234, "validatorsAndThreshold(bytes) view returns (address[], uint8)"},
    {0x2e1a7d4d, "withdraw(uint256 amount)"},
    {0x2e90aa21, "getARM() view returns (address)"},
    {0x2ead72f6, "routers(uint32 _domain) view returns (bytes32)"},
    {0x2f2ff15d, "grantRole(bytes32 role, address account)"},
    {0x2f54bf6e, "isOwner(address owner) view returns (bool)"},
    {0x2fe3e261, "EXTENDED_BALLOT_TYPEHASH() view returns (bytes32)"},
    {0x3036b439, "updateBridgeProtocolFee(uint256 newBridgeProtocolFee)"},
    {0x3078f114, "getAccess(uint64 roleId, address account) view returns (uint48 since, uint32 "
                 "currentDelay, uint32 pendingDelay, uint48 effect)"},
    {0x30adf81f, "PERMIT_TYPEHASH() view returns (bytes32)"},
    {0x30cae187, "setRoleAdmin(uint64 roleId, uint64 admin)"},
    {0x30f08abd, "defaultDecimals() view returns (uint8)"},
    {0x313ce567, "decimals() view returns (uint8)"},
    {0x318c136e, "_bridgeAddress() view returns (address)"},
    {0x31d50750, "isOperation(bytes32 id) view returns (bool)"},
    {0x31f7d964, "NATIVE_TOKEN() view returns (address)"},
    {0x32048875, "verify(bytes32[] hashedLeaves, bytes32[] proofs, uint256 proofFlagBits) view "
                 "returns (uint256 timestamp)"},
    {0x320a0bc5, "setDestinationGasOverhead(uint32 _remoteDomain, uint256 _gasOverhead)"},
    {0x32148f67, "increaseObservationCardinalityNext(uint16 observationCardinalityNext)"},
    {0x325c868e, "FEE_BASE_DECIMALS() view returns (uint256)"},
    {0x3288990c, "addInboundMessage(bytes message)"},
    {0x328d716c, "getCursedSubjectsCount() view returns (uint256)"},
    {0x32f289cf, "claimToken(address _token)"},
    {0x33ef6c65, "submitQuote((bytes context, bytes data, uint48 issuedAt, uint48 expiry, bytes32 "
                 "salt, address submitter) sq, bytes signature)"},
    {0x3408e470, "getChainId() view returns (uint256)"},
    {0x34762ca5, "getBaseVariableBorrowRate() view returns (uint256)"},
    {0x3567e6b4,
     "getConfigDigests() view returns (bytes32 activeConfigDigest, bytes32 candidateConfigDigest)"},
    {0x35aa2e44, "validators(uint256) view returns (address)"},
    {0x35ea6a75,
     "getReserveData(address asset) view returns (((uint256 data) configuration, uint128 "
     "liquidityIndex, uint128 currentLiquidityRate, uint128 variableBorrowIndex, uint128 "
     "currentVariableBorrowRate, uint128 currentStableBorrowRate, uint40 lastUpdateTimestamp, "
     "uint16 id, address aTokenAddress, address stableDebtTokenAddress, address "
     "variableDebtTokenAddress, address interestRateStrategyAddress, uint128 accruedToTreasury, "
     "uint128 unbacked, uint128 isolationModeTotalDebt))"},
    {0x3644e515, "DOMAIN_SEPARATOR() view returns (bytes32)"},
    {0x36568abe, "renounceRole(bytes32 role, address callerConfirmation)"},
    {0x366b4885, "retry(string txHash)"},
    {0x37a3210d, "getAdvancedPoolHooks() view returns (address advancedPoolHook)"},
    {0x38354c5c, "getCandidateDigest() view returns (bytes32)"},
    {0x3850c7bd, "slot0() view returns (uint160 sqrtPriceX96, int24 tick, uint16 observationIndex, "
                 "uint16 observationCardinality, uint16 observationCardinalityNext, uint8 "
                 "feeProtocol, bool unlocked)"},
    {0x386497fd, "getReserveNormalizedVariableDebt(address asset) view returns (uint256)"},
    {0x38ae0cc3, "setBorrowableInIsolation(address asset, bool borrowable)"},
    {0x38af3eed, "beneficiary() view returns (address)"},
    {0x38d52e0f, "asset() view returns (address)"},
    {0x39077537,
     "releaseOrMint((bytes originalSender, uint64 remoteChainSelector, address receiver, uint256 "
     "sourceDenominatedAmount, address localToken, bytes sourcePoolAddress, bytes sourcePoolData, "
     "bytes offchainTokenData) releaseOrMintIn) returns ((uint256 destinationAmount))"},
    {0x3932abb1, "votingDelay() view returns (uint256)"},
    {0x3937306f,
     "updatePrices(((address sourceToken, uint224 usdPerToken)[] tokenPriceUpdates, (uint64 "
     "destChainSelector, uint224 usdPerUnitGas)[] gasPriceUpdates) priceUpdates)"},
    {0x39509351, "increaseAllowance(address spender, uint256 addedValue) returns (bool)"},
    {0x397796f7, "isCursed() view returns (bool)"},
    {0x3a49bb49,
     "processMessageArgs(uint64 destChainSelector, address feeToken, uint256 feeTokenAmount, bytes "
     "extraArgs, bytes messageReceiver) view returns (uint256 msgFeeJuels, bool "
     "isOutOfOrderExecution, bytes convertedExtraArgs, bytes tokenReceiver)"},
    {0x3a87ac53, "applyPoolUpdates((address token, address pool)[] removes, (address token, "
                 "address pool)[] adds)"},
    {0x3adc277a, "getSchedule(bytes32 id) view returns (uint48)"},
    {0x3b81ab9b, "execute(bytes encodedMessage, address[] ccvs, bytes[] verifierResults, uint32 "
                 "gasLimitOverride)"},
    {0x3c5a08e5, "removeRiskAdmin(address admin)"},
    {0x3c798109, "getDebtCeiling(address asset) view returns (uint256)"},
    {0x3c8a7d8d, "mint(address recipient, int24 tickLower, int24 tickUpper, uint128 amount, bytes "
                 "data) returns (uint256 amount0, uint256 amount1)"},
    {0x3ca7c02a, "PUBLIC_ROLE() view returns (uint64)"},
    {0x3cb8a622, "getLiquidationProtocolFee(address asset) view returns (uint256)"},
    {0x3cf97983,
     "routeMessage((bytes32 messageId, uint64 sourceChainSelector, bytes sender, bytes data, "
     "(address token, uint256 amount)[] destTokenAmounts) message, uint16 gasForCallExactCheck, "
     "uint256 gasLimit, address receiver) returns (bool success, bytes retData, uint256 gasUsed)"},
    {0x3d0cf610, "ownerRemoveThenAddPermaBlessedCommitStores(address[] removes, address[] adds)"},
    {0x3d1250b7, "defaultHook() view returns (address)"},
    {0x3d94ebc6, "_domainResourceIDToFeeHandlerAddress(uint8, bytes32) view returns (address)"},
    {0x3dc45772, "addRegistryModule(address module)"},
    {0x3dfd3873, "setHook(address _hook)"},
    {0x3e150141, "getReserveConfigurationData(address asset) view returns (uint256 decimals, "
                 "uint256 ltv, uint256 liquidationThreshold, uint256 liquidationBonus, uint256 "
                 "reserveFactor, bool usageAsCollateralEnabled, bool borrowingEnabled, bool "
                 "stableBorrowRateEnabled, bool isActive, bool isFrozen)"},
    {0x3e4f49e6, "state(uint256 proposalId) view returns (uint8)"},
    {0x3f1d6175, "SIGNED_QUOTE_TYPEHASH() view returns (bytes32)"},
    {0x3f42ab73, "getConfigDetails() view returns (uint32 version, uint32 blockNumber, ((address "
                 "blessVoteAddr, address curseVoteAddr, uint8 blessWeight, uint8 curseWeight)[] "
                 "voters, uint16 blessWeightThreshold, uint16 curseWeightThreshold) config)"},
    {0x3f4b04aa, "getLatestPriceSequenceNumber() view returns (uint64)"},
    {0x3f4ba83a, "unpause()"},
    {0x402d267d, "maxDeposit(address) view returns (uint256)"},
    {0x4102e4f4,
     "setConfig(((address blessVoteAddr, address curseVoteAddr, uint8 blessWeight, uint8 "
     "curseWeight)[] voters, uint16 blessWeightThreshold, uint16 curseWeightThreshold) config)"},
    {0x4120fccd, "getExpectedNextSequenceNumber() view returns (uint64)"},
    {0x4136a33c, "getNonce(bytes32 id) view returns (uint32)"},
    {0x41ed29e7, "setReportPermissions((address forwarder, bytes10 workflowName, bytes2 "
                 "reportName, address workflowOwner, bool isAllowed)[] permissions)"},
    {0x42b0b77c, "flashLoanSimple(address receiverAddress, address asset, uint256 amount, bytes "
                 "params, uint16 referralCode)"},
    {0x42cde4e8, "threshold() view returns (uint8)"},
    {0x432a6ba3, "getRebalancer() view returns (address)"},
    {0x43859632, "hasVoted(uint256 proposalId, address account) view returns (bool)"},
    {0x43bc4b9a, "removeRebalancer(address rebalancer)"},
    {0x43c467c0, "destinationGasConfigs(uint32 _destinationDomain) view returns (address "
                 "gasOracle, uint96 gasOverhead)"},
    {0x440df4f4, "domains() view returns (uint32[])"},
    {0x4417a583, "getUserConfiguration(address user) view returns ((uint256 data))"},
    {0x44e8e430, "_accessControl() view returns (address)"},
    {0x452115d6, "cancel(address[] targets, uint256[] values, bytes[] calldatas, bytes32 "
                 "descriptionHash) returns (uint256)"},
    {0x458fec3b, "setARM(address arm)"},
    {0x45ac924d,
     "getTokenPrices(address[] tokens) view returns ((uint224 value, uint32 timestamp)[])"},
    {0x46141319, "feeGrowthGlobal1X128() view returns (uint256)"},
    {0x4665096d, "expiration() view returns (uint32)"},
    {0x468721a7, "execTransactionFromModule(address to, uint256 value, bytes data, uint8 "
                 "operation) returns (bool success)"},
    {0x46904840, "feeRecipient() view returns (address)"},
    {0x46fbe558,
     "getReserveCaps(address asset) view returns (uint256 borrowCap, uint256 supplyCap)"},
    {0x4816f4f7, "setTokenTransferFeeConfig((address token, uint32 minFeeUSDCents, uint32 "
                 "maxFeeUSDCents, uint16 deciBps, uint32 destGasOverhead, uint32 "
                 "destBytesOverhead, bool aggregateRateLimitEnabled)[] tokenTransferFeeConfigArgs, "
                 "address[] tokensToUseDefaultFeeConfigs)"},
    {0x485cc955, "initialize(address _owner, address _beneficiary)"},
    {0x48a98aa4, "getPoolBySourceToken(uint64, address sourceToken) view returns (address)"},
    {0x48aee8d4, "dispatch(uint32 destinationDomain, bytes32 recipientAddress, bytes messageBody, "
                 "bytes hookMetadata) payable returns (bytes32)"},
    {0x48d9fba9, "setReservePause(address asset, bool paused)"},
    {0x48f4e6c1, "setDestinationGasConfigs((uint32 remoteDomain, (address gasOracle, uint96 "
                 "gasOverhead) config)[] _configs)"},
    {0x490e6cbc, "flash(address recipient, uint256 amount0, uint256 amount1, bytes data)"},
    {0x49aa2e81, "isBorrowAllowed() view returns (bool)"},
    {0x49d462ef, "setDestinationGas(uint32 domain, uint256 gas)"},
    {0x49d8033e, "getExecutionState(bytes32 messageId) view returns (uint8)"},
    {0x4a553e73, "isAllowedRebalancer(address rebalancer) view returns (bool)"},
    {0x4aa2011f,
     "updateRoundData(uint80 _roundId, int256 _answer, uint256 _timestamp, uint256 _startedAt)"},
    {0x4ab35b0b, "getValidatedTokenPrice(address token) view returns (uint224)"},
    {0x4b0b919d, "_depositCounts(uint8) view returns (uint64)"},
    {0x4b4e6753, "setReserveFactor(address asset, uint256 newReserveFactor)"},
    {0x4bf5d7e9, "CLOCK_MODE() view returns (string)"},
    {0x4c1da1e2, "getTargetAdminDelay(address target) view returns (uint32)"},
    {0x4c5ef0ed,
     "isRemotePool(uint64 remoteChainSelector, bytes remotePoolAddress) view returns (bool)"},
    {0x4cdad506, "previewRedeem(uint256 shares) view returns (uint256)"},
    {0x4d44ac4f, "getTotalDebt(address asset) view returns (uint256)"},
    {0x4d616771, "isBlessed((address commitStore, bytes32 root) taggedRoot) view returns (bool)"},
    {0x4e0df3f6, "getRoleMemberIndex(bytes32 role, address account) view returns (uint256)"},
    {0x4e38a81d, "removeBridge(uint32 domain, address bridge)"},
    {0x4e71d92d, "claim()"},
    {0x4e847fc7, "setPool(address localToken, address pool)"},
    {0x4efecaa5, "transferUnderlyingTo(address target, uint256 amount)"},
    {0x4f16b425, "RISK_ADMIN_ROLE() view returns (bytes32)"},
    {0x4f1eb3d8,
     "collect(address recipient, int24 tickLower, int24 tickUpper, uint128 amount0Requested, "
     "uint128 amount1Requested) returns (uint128 amount0, uint128 amount1)"},
    {0x504bffe0, "setDynamicConfig((address router, uint16 maxNumberOfTokensPerMsg, uint32 "
                 "destGasOverhead, uint16 destGasPerPayloadByte, uint32 "
                 "destDataAvailabilityOverheadGas, uint16 destGasPerDataAvailabilityByte, uint16 "
                 "destDataAvailabilityMultiplierBps, address priceRegistry, uint32 maxDataBytes, "
                 "uint32 maxPerMsgGasLimit, uint16 defaultTokenFeeUSDCents, uint32 "
                 "defaultTokenDestGasOverhead, bool enforceOutOfOrder) dynamicConfig)"},
    {0x50d25bcd, "latestAnswer() view returns (int256)"},
    {0x51460e25, "getATokenTotalSupply(address asset) view returns (uint256)"},
    {0x514e8cff, "getDestinationChainGasPrice(uint64 destChainSelector) view returns ((uint224 "
                 "value, uint32 timestamp))"},
    {0x514ea4bf,
     "positions(bytes32) view returns (uint128 liquidity, uint256 feeGrowthInside0LastX128, "
     "uint256 feeGrowthInside1LastX128, uint128 tokensOwed0, uint128 tokensOwed1)"},
    {0x5215505b, "getAllSourceChainConfigs() view returns (uint64[] sourceChainSelectors, (address "
                 "router, bool isEnabled, bytes[] onRamps, address[] defaultCCVs, address[] "
                 "laneMandatedCCVs)[] sourceChainConfigs)"},
    {0x5229073f, "execTransactionFromModuleReturnData(address to, uint256 value, bytes data, uint8 "
                 "operation) returns (bool success, bytes returnData)"},
    {0x5246492f, "getArmProxy() view returns (address)"},
    {0x52751797, "getReserveAddressById(uint16 id) view returns (address)"},
    {0x52877af0,
     "applyPriceUpdatersUpdates(address[] priceUpdatersToAdd, address[] priceUpdatersToRemove)"},
    {0x52962952, "setRoleGuardian(uint64 roleId, uint64 guardian)"},
    {0x52cb60ca, "setWrappedNative(address wrappedNative)"},
    {0x530dd456, "getRoleAdmin(uint64 roleId) view returns (uint64)"},
    {0x530e784f, "setPriceOracle(address newPriceOracle)"},
    {0x5339c296, "tickBitmap(int16) view returns (uint256)"},
    {0x53e5d935, "proxyCreationCode() pure returns (bytes)"},
    {0x542774b5, "feeHandlerType() pure returns (string)"},
    {0x546719cd, "currentRateLimiterState() view returns ((uint128 tokens, uint32 lastUpdated, "
                 "bool isEnabled, uint128 capacity, uint128 rate))"},
    {0x549e946f, "withdrawNonLinkFees(address feeToken, address to)"},
    {0x54b71468, "getNopFeesJuels() view returns (uint96)"},
    {0x54c365c6, "OPTIMAL_USAGE_RATIO() view returns (uint256)"},
    {0x54c8a4f3, "applyAllowListUpdates(address[] removes, address[] adds)"},
    {0x54fd4d50, "version() view returns (uint256)"},
    {0x5577b7a9, "FLASH_BORROWER_ROLE() view returns (bytes32)"},
    {0x5624b25b, "getStorageAt(uint256 offset, uint256 length) view returns (bytes)"},
    {0x5643a782, "applySourceChainConfigUpdates((address router, uint64 sourceChainSelector, bool "
                 "isEnabled, bytes[] onRamps, address[] defaultCCVs, address[] laneMandatedCCVs)[] "
                 "sourceChainConfigUpdates)"},
    {0x56781388, "castVote(uint256 proposalId, uint8 support) returns (uint256)"},
    {0x568ef470, "getMarketId() view returns (string)"},
    {0x56d5d475, "handle(uint32 _origin, bytes32 _sender, bytes _message) payable"},
    {0x571f03e5, "setSupplyCap(address asset, uint256 newSupplyCap)"},
    {0x573ade81, "repay(address asset, uint256 amount, uint256 interestRateMode, address "
                 "onBehalfOf) returns (uint256)"},
    {0x574f2ba3, "allPairsLength() view returns (uint256)"},
    {0x584b153e, "isOperationPending(bytes32 id) view returns (bool)"},
    {0x586abe3c, "voteToCurse(bytes16 curseId, bytes16[] subjects)"},
    {0x5909c0d5, "price0CumulativeLast() view returns (uint256)"},
    {0x599f6431, "getTokenLimitAdmin() view returns (address)"},
    {0x59b3f6e0, "addRemoteMailbox(uint32 _domain, address _mailbox)"},
    {0x5a1ad87c, "adminSetGenericResource(address handlerAddress, bytes32 resourceID, address "
                 "contractAddress, bytes4 depositFunctionSig, uint256 "
                 "depositFunctionDepositerOffset, bytes4 executeFunctionSig)"},
    {0x5a3b74b9, "setUserUseReserveAsCollateral(address asset, bool useAsCollateral)"},
    {0x5a3d5493, "price1CumulativeLast() view returns (uint256)"},
    {0x5ae6bd37, "signedMessages(bytes32) view returns (uint256)"},
    {0x5b8d0e0d, "castVoteWithReasonAndParamsBySig(uint256 proposalId, uint8 support, address "
                 "voter, string reason, bytes params, bytes signature) returns (uint256)"},
    {0x5b9a94e4, "addRiskAdmin(address admin)"},
    {0x5c975abb, "paused() view returns (bool)"},
    {0x5cb80c5d, "withdrawFeeTokens(address[] feeTokens)"},
    {0x5d1fe5a9, "processor(bytes32 _id) view returns (address)"},
    {0x5dcc528c, "setAddressAsProxy(bytes32 id, address newImplementationAddress)"},
    {0x5e1fab0f, "renounceAdmin(address newAdmin)"},
    {0x5e36480c,
     "getExecutionState(uint64 sourceChainSelector, uint64 sequenceNumber) view returns (uint8)"},
    {0x5e63547a, "getPools(address[] tokens) view returns (address[])"},
    {0x5e7bb008, "manuallyExecute((uint64 sourceChainSelector, ((bytes32 messageId, uint64 "
                 "sourceChainSelector, uint64 destChainSelector, uint64 sequenceNumber, uint64 "
                 "nonce) header, bytes sender, bytes data, address receiver, uint256 gasLimit, "
                 "(bytes sourcePoolAddress, address destTokenAddress, uint32 destGasAmount, bytes "
                 "extraData, uint256 amount)[] tokenAmounts)[] messages, bytes[][] "
                 "offchainTokenData, bytes32[] proofs, uint256 proofFlagBits)[] reports, (uint256 "
                 "receiverExecutionGasLimit, uint32[] tokenGasOverrides)[][] gasLimitOverrides)"},
    {0x5eb88d3d, "getPriceOracleSentinel() view returns (address)"},
    {0x5f398a14, "castVoteWithReasonAndParams(uint256 proposalId, uint8 support, string reason, "
                 "bytes params) returns (uint256)"},
    {0x5f3e849f, "recoverTokens(address tokenAddress, address to, uint256 amount)"},
    {0x60987c20,
     "executeSingleMessage(((bytes32 messageId, uint64 sourceChainSelector, uint64 "
     "destChainSelector, uint64 sequenceNumber, uint64 nonce) header, bytes sender, bytes data, "
     "address receiver, uint256 gasLimit, (bytes sourcePoolAddress, address destTokenAddress, "
     "uint32 destGasAmount, bytes extraData, uint256 amount)[] tokenAmounts) message, bytes[] "
     "offchainTokenData, uint32[] tokenGasOverrides)"},
    {0x60fcef7c, "getExchangeRateAndGasPrice(uint32 _destinationDomain) view returns (uint128 "
                 "tokenExchangeRate, uint128 gasPrice)"},
    {0x610b5925, "enableModule(address module)"},
    {0x617ba037, "supply(address asset, uint256 amount, address onBehalfOf, uint16 referralCode)"},
    {0x6210308c, "getFallbackOracle() view returns (address)"},
    {0x62ddd3c4, "addRemotePool(uint64 remoteChainSelector, bytes remotePoolAddress)"},
    {0x62eed415, "curse(bytes16 subject)"},
    {0x631adfca, "getPoolConfigurator() view returns (address)"},
    {0x631ec73e, "ownerUnvoteToCurse((address curseVoteAddr, (bytes16 subject, bytes28 cursesHash) "
                 "unit, bool forceUnvote)[] ownerUnvoteToCurseRequests)"},
    {0x632d589c, "_domainResourceIDToFee(uint8, bytes32) view returns (uint256)"},
    {0x634e93da, "beginDefaultAdminTransfer(address newAdmin)"},
    {0x63507956,
     "getAllConfigs() view returns ((uint32 version, bytes32 configDigest, ((bytes32 peerId, "
     "bytes32 offchainPublicKey)[] nodes, bytes offchainConfig) staticConfig, ((uint64 "
     "chainSelector, uint64 fObserve, uint256 observerNodesBitmap)[] sourceChains, bytes "
     "offchainConfig) dynamicConfig) activeConfig, (uint32 version, bytes32 configDigest, "
     "((bytes32 peerId, bytes32 offchainPublicKey)[] nodes, bytes offchainConfig) staticConfig, "
     "((uint64 chainSelector, uint64 fObserve, uint256 observerNodesBitmap)[] sourceChains, bytes "
     "offchainConfig) dynamicConfig) candidateConfig)"},
    {0x63c9b860, "dropReserve(address asset)"},
    {0x6465e69f, "moduleType() view returns (uint8)"},
    {0x647846a5, "feeToken() view returns (address)"},
    {0x649a5ec7, "changeDefaultAdminDelay(uint48 newDelay)"},
    {0x64d62353, "updateDelay(uint256 newDelay)"},
    {0x6509a954, "getReportDigestHeader() pure returns (bytes32 digestHeader)"},
    {0x66320087, "transferLiquidity(address from, uint256 amount)"},
    {0x666cab8d, "getTransmitters() view returns (address[])"},
    {0x668a0f02, "latestRound() view returns (uint256)"},
    {0x6744362a,
     "getInterestRateStrategyAddress(address asset) view returns (address irStrategyAddress)"},
    {0x674b5e4d, "isRiskAdmin(address admin) view returns (bool)"},
    {0x682cf264, "setReserveBorrowing(address asset, bool enabled)"},
    {0x69328dec, "withdraw(address asset, uint256 amount, address to) returns (uint256)"},
    {0x694e80c3, "changeThreshold(uint256 _threshold)"},
    {0x69a933a5,
     "mintUnbacked(address asset, uint256 amount, address onBehalfOf, uint16 referralCode)"},
    {0x69b169e1, "getDebtCeilingDecimals() pure returns (uint256)"},
    {0x6a627842, "mint(address to) returns (uint256 liquidity)"},
    {0x6a70d081, "_burnList(address) view returns (bool)"},
    {0x6a761202, "execTransaction(address to, uint256 value, bytes data, uint8 operation, uint256 "
                 "safeTxGas, uint256 baseGas, uint256 gasPrice, address gasToken, address "
                 "refundReceiver, bytes signatures) payable returns (bool success)"},
    {0x6a99c036, "FLASHLOAN_PREMIUM_TO_PROTOCOL() view returns (uint128)"},
    {0x6a99c333, "rebalance(uint32 domain, uint256 collateralAmount, address bridge) payable"},
    {0x6ba0526d, "ownerCurse(bytes16 curseId, bytes16[] subjects)"},
    {0x6ba6db6b, "startKeygen()"},
    {0x6bd76d24, "borrowAllowance(address fromUser, address toUser) view returns (uint256)"},
    {0x6c6f6ae1,
     "getEModeCategoryData(uint8 id) view returns ((uint16 ltv, uint16 liquidationThreshold, "
     "uint16 liquidationBonus, address priceSource, string label))"},
    {0x6cfd1553, "setRebalancer(address rebalancer)"},
    {0x6d2d3993, "uncurse(bytes16 subject)"},
    {0x6d3d1a58, "getRateLimitAdmin() view returns (address)"},
    {0x6d5115bd, "getTargetFunctionRole(address target, bytes4 selector) view returns (uint64)"},
    {0x6dd5b69d,
     "getConfig(bytes32 configDigest) view returns ((uint32 version, bytes32 configDigest, "
     "((bytes32 peerId, bytes32 offchainPublicKey)[] nodes, bytes offchainConfig) staticConfig, "
     "((uint64 chainSelector, uint64 fObserve, uint256 observerNodesBitmap)[] sourceChains, bytes "
     "offchainConfig) dynamicConfig) versionedConfig, bool ok)"},
    {0x6def4ce7,
     "getDestChainConfig(uint64 destChainSelector) view returns ((bool isEnabled, uint16 "
     "maxNumberOfTokensPerMsg, uint32 maxDataBytes, uint32 maxPerMsgGasLimit, uint32 "
     "destGasOverhead, uint8 destGasPerPayloadByteBase, uint8 destGasPerPayloadByteHigh, uint16 "
     "destGasPerPayloadByteThreshold, uint32 destDataAvailabilityOverheadGas, uint16 "
     "destGasPerDataAvailabilityByte, uint16 destDataAvailabilityMultiplierBps, bytes4 "
     "chainFamilySelector, bool enforceOutOfOrder, uint16 defaultTokenFeeUSDCents, uint32 "
     "defaultTokenDestGasOverhead, uint32 defaultTxGasLimit, uint64 gasMultiplierWeiPerEth, uint32 "
     "gasPriceStalenessThreshold, uint32 networkFeeUSDCents))"},
    {0x6e553f65, "deposit(uint256 assets, address receiver) returns (uint256)"},
    {0x6e5f516e, "defaultIsm() view returns (address)"},
    {0x6e76fc8f, "EMERGENCY_ADMIN_ROLE() view returns (bytes32)"},
    {0x6f9e320f,
     "setDynamicConfig((address feeQuoter, uint32 permissionLessExecutionThresholdSeconds, address "
     "messageInterceptor) dynamicConfig)"},
    {0x6fb92589, "OPTIMAL_STABLE_TO_TOTAL_DEBT_RATIO() view returns (uint256)"},
    {0x6fd97676, "handleRepayment(address user, address onBehalfOf, uint256 amount)"},
    {0x704b6c02, "setAdmin(address newAdmin)"},
    {0x707cd716, "getACLManager() view returns (address)"},
    {0x70a08231, "balanceOf(address account) view returns (uint256)"},
    {0x70a9089e, "verify(address offRampAddress, (uint64 sourceChainSelector, bytes onRampAddress, "
                 "uint64 minSeqNr, uint64 maxSeqNr, bytes32 merkleRoot)[] merkleRoots, (bytes32 r, "
                 "bytes32 s)[] signatures) view"},
    {0x70cf754a, "maxLiquidityPerTick() view returns (uint128)"},
    {0x715018a6, "renounceOwnership()"},
    {0x71a15b38, "unenrollRemoteRouters(uint32[] _domains)"},
    {0x726600ce, "isBridge(address bridge) view returns (bool)"},
    {0x7284e416, "description() view returns (string)"},
    {0x72d64a81,
     "getAllConfiguredTokens(uint64 startIndex, uint64 maxCount) view returns (address[] tokens)"},
    {0x736be802,
     "setDynamicConfig(((uint64 chainSelector, uint64 fObserve, uint256 observerNodesBitmap)[] "
     "sourceChains, bytes offchainConfig) newDynamicConfig, bytes32 currentDigest)"},
    {0x73c45c98, "deposit(uint8 destinationDomainID, bytes32 resourceID, bytes depositData, bytes "
                 "feeData) payable returns (uint64 depositNonce, bytes handlerResponse)"},
    {0x7437ff9f, "getDynamicConfig() view returns ((address router, uint16 "
                 "maxNumberOfTokensPerMsg, uint32 destGasOverhead, uint16 destGasPerPayloadByte, "
                 "uint32 destDataAvailabilityOverheadGas, uint16 destGasPerDataAvailabilityByte, "
                 "uint16 destDataAvailabilityMultiplierBps, address priceRegistry, uint32 "
                 "maxDataBytes, uint32 maxPerMsgGasLimit, uint16 defaultTokenFeeUSDCents, uint32 "
                 "defaultTokenDestGasOverhead, bool enforceOutOfOrder) dynamicConfig)"},
    {0x745e6b61, "_feeHandlerRouterAddress() view returns (address)"},
    {0x7464fc3d, "kLast() view returns (uint256)"},
    {0x74944cec, "setPriceOracleSentinel(address newPriceOracleSentinel)"},
    {0x74fd18ac, "withdraw(address token, uint64, uint256 amount, address recipient)"},
    {0x75151b63, "isTokenSupported(address token) view returns (bool)"},
    {0x7535d246, "POOL() view returns (address)"},
    {0x75b238fc, "ADMIN_ROLE() view returns (uint64)"},
    {0x75d26413, "getIncentivesController() view returns (address)"},
    {0x7626cde3, "updateStableDebtToken((address asset, address incentivesController, string name, "
                 "string symbol, address implementation, bytes params) input)"},
    {0x7641f3d9, "setPoolPause(bool paused)"},
    {0x76d84ffc, "setACLAdmin(address newAclAdmin)"},
    {0x76f6ae76, "setNops((address nop, uint16 weight)[] nopsAndWeights)"},
    {0x770e2dc4, "applyTokenTransferFeeConfigUpdates((uint64 destChainSelector, (address token, "
                 "(uint32 minFeeUSDCents, uint32 maxFeeUSDCents, uint16 deciBps, uint32 "
                 "destGasOverhead, uint32 destBytesOverhead, bool isEnabled) "
                 "tokenTransferFeeConfig)[] tokenTransferFeeConfigs)[] tokenTransferFeeConfigArgs, "
                 "(uint64 destChainSelector, address token)[] tokensToUseDefaultFeeConfigs)"},
    {0x775313a1, "destinationGas(uint32 destinationDomain) view returns (uint256 gasLimit)"},
    {0x77e2dc7a, "allowedRecipient(uint32 domain) view returns (bytes32)"},
    {0x78160376, "EIP712_REVISION() view returns (bytes)"},
    {0x787350e3, "MAX_RET_BYTES() view returns (uint16)"},
    {0x78bb0a43, "ASSET_LISTING_ADMIN_ROLE() view returns (bytes32)"},
    {0x7958004c, "getOperationState(bytes32 id) view returns (uint8)"},
    {0x79ba5097, "acceptOwnership()"},
    {0x7a5d20ea, "isLiquidationAllowed() view returns (bool)"},
    {0x7a5f1d4a, "inboundMetadata(uint256 nonce) view returns (bytes metadata)"},
    {0x7a708e92, "initReserve(address asset, address aTokenAddress, address stableDebtAddress, "
                 "address variableDebtAddress, address interestRateStrategyAddress)"},
    {0x7a75a094,
     "applyPreviousRampsUpdates((uint64 remoteChainSelector, bool overrideExistingRamps, (address "
     "prevOnRamp, address prevOffRamp) prevRamps)[] previousRampsArgs)"},
    {0x7a9a93f4, "removeEmergencyAdmin(address admin)"},
    {0x7a9e5e4b, "setAuthority(address newAuthority)"},
    {0x7af635a6, "CONFIGURATOR_REVISION() view returns (uint256)"},
    {0x7afac322, "applyFeeTokensUpdates(address[] feeTokensToAdd, address[] feeTokensToRemove)"},
    {0x7b3c71d3,
     "castVoteWithReason(uint256 proposalId, uint8 support, string reason) returns (uint256)"},
    {0x7ba1ae36, "getUnbackedMintCap(address asset) view returns (uint256)"},
    {0x7be53ca1, "isPoolAdmin(address admin) view returns (bool)"},
    {0x7c39d130, "process(bytes _metadata, bytes _message) payable"},
    {0x7c4e560b, "configureReserveAsCollateral(address asset, uint256 ltv, uint256 "
                 "liquidationThreshold, uint256 liquidationBonus)"},
    {0x7d3f2552, "isRegistryModule(address module) view returns (bool)"},
    {0x7d54534e, "setRateLimitAdmin(address rateLimitAdmin)"},
    {0x7d5e81e2, "propose(address[] targets, uint256[] values, bytes[] calldatas, string "
                 "description) returns (uint256)"},
    {0x7d832974, "approvedHashes(address, bytes32) view returns (uint256)"},
    {0x7df5bd3b, "mintToTreasury(uint256 amount, uint256 index)"},
    {0x7ec75751, "setTokenTransferFeeConfig((address token, uint32 minFeeUSDCents, uint32 "
                 "maxFeeUSDCents, uint16 deciBps, uint32 destGasOverhead, uint32 "
                 "destBytesOverhead)[] tokenTransferFeeConfigArgs)"},
    {0x7ecebe00, "nonces(address owner) view returns (uint256)"},
    {0x7f5a7c7b, "hook() view returns (address)"},
    {0x7f79bea8, "_contractWhitelist(address) view returns (bool)"},
    {0x80031e37, "getMaxVariableBorrowRate() view returns (uint256)"},
    {0x805f2132, "onReport(bytes metadata, bytes report)"},
    {0x8065657f, "hashOperation(address target, uint256 value, bytes data, bytes32 predecessor, "
                 "bytes32 salt) pure returns (bytes32)"},
    {0x80ae1c28, "adminPauseTransfers()"},
    {0x81b4e8b4, "transferRemote(uint32 _destination, bytes32 _recipient, uint256 _amount) payable "
                 "returns (bytes32 messageId)"},
    {0x81d2ea95, "quoteDispatch(uint32 destinationDomain, bytes32 recipientAddress, bytes "
                 "messageBody, bytes metadata, address hook) view returns (uint256 fee)"},
    {0x81ff7048, "latestConfigDetails() view returns (uint32 configCount, uint32 blockNumber, "
                 "bytes32 configDigest)"},
    {0x8205bf6a, "latestTimestamp() view returns (uint256)"},
    {0x8206a4d1, "setFeeProtocol(uint8 feeProtocol0, uint8 feeProtocol1)"},
    {0x8209d312, "inboundUnprocessedNonce() view returns (uint32)"},
    {0x82b49eb0,
     "getTokenTransferFeeConfig(uint64 destChainSelector, address token) view returns ((uint32 "
     "minFeeUSDCents, uint32 maxFeeUSDCents, uint16 deciBps, uint32 destGasOverhead, uint32 "
     "destBytesOverhead, bool isEnabled) tokenTransferFeeConfig)"},
    {0x82ea7bfe, "deployedBlock() view returns (uint256)"},
    {0x83826b2b, "isOffRamp(uint64 sourceChainSelector, address offRamp) view returns (bool)"},
    {0x8456cb59, "pause()"},
    {0x84b0196e, "eip712Domain() view returns (bytes1 fields, string name, string version, uint256 "
                 "chainId, address verifyingContract, bytes32 salt, uint256[] extensions)"},
    {0x84db809f, "_resourceIDToHandlerAddress(bytes32) view returns (address)"},
    {0x84ef8ffc, "defaultAdmin() view returns (address)"},
    {0x853551b8, "labelRole(uint64 roleId, string label)"},
    {0x85572ffb, "ccipReceive((bytes32 messageId, uint64 sourceChainSelector, bytes sender, bytes "
                 "data, (address token, uint256 amount)[] destTokenAmounts)) pure"},
    {0x856c8247, "getSenderNonce(address sender) view returns (uint64 nonce)"},
    {0x8596c226, "trustedRelayer() view returns (address)"},
    {0x85b66729, "collectProtocol(address recipient, uint128 amount0Requested, uint128 "
                 "amount1Requested) returns (uint128 amount0, uint128 amount1)"},
    {0x873504d7, "updateRateLimitTokens((address sourceToken, address destToken)[] removes, "
                 "(address sourceToken, address destToken)[] adds)"},
    {0x87b8d879,
     "applyDestChainConfigUpdates((uint64 destChainSelector, (bool isEnabled, uint16 "
     "maxNumberOfTokensPerMsg, uint32 maxDataBytes, uint32 maxPerMsgGasLimit, uint32 "
     "destGasOverhead, uint8 destGasPerPayloadByteBase, uint8 destGasPerPayloadByteHigh, uint16 "
     "destGasPerPayloadByteThreshold, uint32 destDataAvailabilityOverheadGas, uint16 "
     "destGasPerDataAvailabilityByte, uint16 destDataAvailabilityMultiplierBps, bytes4 "
     "chainFamilySelector, bool enforceOutOfOrder, uint16 defaultTokenFeeUSDCents, uint32 "
     "defaultTokenDestGasOverhead, uint32 defaultTxGasLimit, uint64 gasMultiplierWeiPerEth, uint32 "
     "gasPriceStalenessThreshold, uint32 networkFeeUSDCents) destChainConfig)[] "
     "destChainConfigArgs)"},
    {0x883bdbfd, "observe(uint32[] secondsAgos) view returns (int56[] tickCumulatives, uint160[] "
                 "secondsPerLiquidityCumulativeX128s)"},
    {0x89035730, "parameters() view returns (address factory, address token0, address token1, "
                 "uint24 fee, int24 tickSpacing)"},
    {0x8926c4ee, "manuallyExecute(((uint64 sourceChainSelector, address sender, address receiver, "
                 "uint64 sequenceNumber, uint256 gasLimit, bool strict, uint64 nonce, address "
                 "feeToken, uint256 feeTokenAmount, bytes data, (address token, uint256 amount)[] "
                 "tokenAmounts, bytes[] sourceTokenData, bytes32 messageId)[] messages, bytes[][] "
                 "offchainTokenData, bytes32[] proofs, uint256 proofFlagBits) report, (uint256 "
                 "receiverExecutionGasLimit, uint32[] tokenGasOverrides)[] gasLimitOverrides)"},
    {0x8926f54f, "isSupportedChain(uint64 remoteChainSelector) view returns (bool)"},
    {0x89933a51,
     "getAllDestChainConfigs() view returns (uint64[], (address router, uint64 messageNumber, "
     "uint8 addressBytesLength, bool tokenReceiverAllowed, uint16 messageNetworkFeeUSDCents, "
     "uint16 tokenNetworkFeeUSDCents, uint32 baseExecutionGasCost, address defaultExecutor, "
     "address[] laneMandatedCCVs, address[] defaultCCVs, bytes offRamp)[])"},
    {0x89afcb44, "burn(address to) returns (uint256 amount0, uint256 amount1)"},
    {0x8a3234c7, "adminSetResource(address handlerAddress, bytes32 resourceID, address "
                 "contractAddress, bytes args)"},
    {0x8a493676, "updateFlashloanPremiumTotal(uint128 newFlashloanPremiumTotal)"},
    {0x8a751a60, "setReserveStableRateBorrowing(address asset, bool enabled)"},
    {0x8a7c195f, "enableFeeAmount(uint24 fee, int24 tickSpacing)"},
    {0x8b63aebf, "adminChangeFeeHandler(address newFeeHandler)"},
    {0x8bd90b82, "quoteTransferRemote(uint32 _destination, bytes32 _recipient, uint256 _amount) "
                 "view returns ((address token, uint256 amount)[] quotes)"},
    {0x8c0c2631, "adminSetBurnable(address handlerAddress, address tokenAddress)"},
    {0x8c6894fb, "getLockBox() view returns (address)"},
    {0x8c76967f,
     "promoteCandidateAndRevokeActive(bytes32 digestToPromote, bytes32 digestToRevoke)"},
    {0x8c89b64f, "BASE_CURRENCY_UNIT() view returns (uint256)"},
    {0x8d3638f4, "localDomain() view returns (uint32)"},
    {0x8d80ff0a, "multiSend(bytes transactions) payable"},
    {0x8da5cb5b, "owner() view returns (address)"},
    {0x8f2a0bb0, "scheduleBatch(address[] targets, uint256[] values, bytes[] payloads, bytes32 "
                 "predecessor, bytes32 salt, uint256 delay)"},
    {0x8f61f4f5, "PROPOSER_ROLE() view returns (bytes32)"},
    {0x8fb36037, "isConsumingScheduledOp() view returns (bytes4)"},
    {0x8ff262e3, "castVoteBySig(uint256 proposalId, uint8 support, address voter, bytes signature) "
                 "returns (uint256)"},
    {0x9010d07c, "getRoleMember(bytes32 role, uint256 index) view returns (address)"},
    {0x9041be3d, "getExpectedNextSequenceNumber(uint64 destChainSelector) view returns (uint64)"},
    {0x90423fa2, "setDynamicConfig((address feeQuoter, bool reentrancyGuardEntered, address "
                 "feeAggregator) dynamicConfig)"},
    {0x904e9b2b, "transferFee(address[] addrs, uint256[] amounts)"},
    {0x907c0f92, "latestCheckpoint() view returns (bytes32, uint32)"},
    {0x91a2749a, "applyAuthorizedCallerUpdates((address[] addedCallers, address[] removedCallers) "
                 "authorizedCallerArgs)"},
    {0x91d14854, "hasRole(bytes32 role, address account) view returns (bool)"},
    {0x91ddadf4, "clock() view returns (uint48)"},
    {0x92bf2be0, "getSourceOfAsset(address asset) view returns (address)"},
    {0x92c18454, "setFeeHook(address _feeHook)"},
    {0x92d28b3d, "inboundMessages(uint256 nonce) view returns (bytes message)"},
    {0x934f3a11, "checkSignatures(bytes32 dataHash, bytes data, bytes signatures) view"},
    {0x93c44847, "PACKAGE_VERSION() view returns (string)"},
    {0x94ba89a2, "swapBorrowRateMode(address asset, uint256 interestRateMode)"},
    {0x94bf804d, "mint(uint256 shares, address receiver) returns (uint256)"},
    {0x94c7d7ee, "consumeScheduledOp(address caller, bytes data)"},
    {0x95d89b41, "symbol() view returns (string)"},
    {0x9623609d, "upgradeAndCall(address proxy, address implementation, bytes data) payable"},
    {0x962d4020, "setChainRateLimiterConfigs(uint64[] remoteChainSelectors, (bool isEnabled, "
                 "uint128 capacity, uint128 rate)[] outboundConfigs, (bool isEnabled, uint128 "
                 "capacity, uint128 rate)[] inboundConfigs)"},
    {0x96e957c4, "setReserveFreeze(address asset, bool freeze)"},
    {0x96f4e9f9, "ccipSend(uint64 destinationChainSelector, (bytes receiver, bytes data, (address "
                 "token, uint256 amount)[] tokenAmounts, address feeToken, bytes extraArgs) "
                 "message) payable returns (bytes32)"},
    {0x970b8fc2, "getRecordedCurseRelatedOpsCount() view returns (uint256)"},
    {0x9712fdf8, "addBridge(address bridge)"},
    {0x972b4612, "getAllowedSendersList(uint64 destChainSelector) view returns (bool isEnabled, "
                 "address[] configuredAddresses)"},
    {0x97998611, "voteToBless((address commitStore, bytes32 root)[] taggedRoots)"},
    {0x996c6cc3, "wrappedToken() view returns (address)"},
    {0x99b04809, "setDefaultHook(address _hook)"},
    {0x9a113c36,
     "getFeeTokenConfig(address token) view returns ((uint32 networkFeeUSDCents, uint64 "
     "gasMultiplierWeiPerEth, uint64 premiumMultiplierWeiPerEth, bool enabled) feeTokenConfig)"},
    {0x9a19b329, "uncurse(bytes16[] subjects)"},
    {0x9a2b96f7, "addAssetListingAdmin(address admin)"},
    {0x9a4575b9, "lockOrBurn((bytes receiver, uint64 remoteChainSelector, address originalSender, "
                 "uint256 amount, address localToken) lockOrBurnIn) returns ((bytes "
                 "destTokenAddress, bytes destPoolData) lockOrBurnOutV1)"},
    {0x9a6fc8f5, "getRoundData(uint80 _roundId) view returns (uint80 roundId, int256 answer, "
                 "uint256 startedAt, uint256 updatedAt, uint80 answeredInRound)"},
    {0x9a802a6d,
     "getVotesWithParams(address account, uint256 timepoint, bytes params) view returns (uint256)"},
    {0x9ac9d80b, "addFlashBorrower(address borrower)"},
    {0x9ae0bf45, "isProposalExecuted(uint8 domainID, uint256 depositNonce) view returns (bool)"},
    {0x9c42bd18, "quoteDispatch(uint32 destinationDomain, bytes32 recipientAddress, bytes "
                 "messageBody) view returns (uint256 fee)"},
    {0x9cd19996, "mintToTreasury(address[] assets)"},
    {0x9d23d9f2, "getAssetsPrices(address[] assets) view returns (uint256[])"},
    {0x9d33b6d4, "adminChangeAccessControl(address newAccessControl)"},
    {0x9dd694f4, "_domainID() view returns (uint8)"},
    {0x9f0b7659, "scaleDenominator() view returns (uint256)"},
    {0xa0a0e7c1, "payForGas(address _feeToken, bytes32 _messageId, uint32 _destinationDomain, "
                 "uint256 _gasLimit)"},
    {0xa0e67e2b, "getOwners() view returns (address[])"},
    {0xa1564406, "setPoolImpl(address newPoolImpl)"},
    {0xa166aa89, "isTargetClosed(address target) view returns (bool)"},
    {0xa1671295, "createPool(address tokenA, address tokenB, uint24 fee) returns (address pool)"},
    {0xa1eda53c, "pendingDefaultAdminDelay() view returns (uint48 newDelay, uint48 schedule)"},
    {0xa217fddf, "DEFAULT_ADMIN_ROLE() view returns (bytes32)"},
    {0xa21bce15, "removeAssetListingAdmin(address admin)"},
    {0xa2e74af6, "setFeeToSetter(address _feeToSetter)"},
    {0xa2f21f8a, "_defaultMessageReceiver() view returns (address)"},
    {0xa3246ad3, "getRoleMembers(bytes32 role) view returns (address[])"},
    {0xa34123a7, "burn(int24 tickLower, int24 tickUpper, uint128 amount) returns (uint256 amount0, "
                 "uint256 amount1)"},
    {0xa36a7fee, "deposit(address token, uint64, uint256 amount)"},
    {0xa38807f2,
     "snapshotCumulativesInside(int24 tickLower, int24 tickUpper) view returns (int56 "
     "tickCumulativeInside, uint160 secondsPerLiquidityInsideX128, uint32 secondsInside)"},
    {0xa3b4919f, "remoteMailboxes(uint32) view returns (address)"},
    {0xa40e69c7, "getOffRamps() view returns ((uint64 sourceChainSelector, address offRamp)[])"},
    {0xa415bcad, "borrow(address asset, uint256 amount, uint256 interestRateMode, uint16 "
                 "referralCode, address onBehalfOf)"},
    {0xa42a7b8b, "getRemotePools(uint64 remoteChainSelector) view returns (bytes[])"},
    {0xa457c2d7, "decreaseAllowance(address spender, uint256 subtractedValue) returns (bool)"},
    {0xa48a9058, "isChainSupported(uint64 chainSelector) view returns (bool)"},
    {0xa4982fde, "lastCallMessage() view returns (string)"},
    {0xa546e8a1, "verify((uint8 originDomainID, uint64 depositNonce, bytes32 resourceID, bytes "
                 "data)[] proposals, bytes signature) view returns (bool)"},
    {0xa5898709, "calculateInterestRates((uint256 unbacked, uint256 liquidityAdded, uint256 "
                 "liquidityTaken, uint256 totalStableDebt, uint256 totalVariableDebt, uint256 "
                 "averageStableBorrowRate, uint256 reserveFactor, address reserve, address aToken) "
                 "params) view returns (uint256, uint256, uint256)"},
    {0xa5c3a985, "_contractAddressToExecuteFunctionSignature(address) view returns (bytes4)"},
    {0xa64d95ce, "setGrantDelay(uint64 roleId, uint32 newDelay)"},
    {0xa6929793,
     "quoteGasPayment(uint32 _destinationDomain, uint256 _gasLimit) view returns (uint256)"},
    {0xa69c64c0, "applyPremiumMultiplierWeiPerEthUpdates((address token, uint64 "
                 "premiumMultiplierWeiPerEth)[] premiumMultiplierWeiPerEthArgs)"},
    {0xa6c94a73, "getStalenessThreshold() view returns (uint128)"},
    {0xa7206cd6, "getMerkleRoot(bytes32 root) view returns (uint256)"},
    {0xa7cd63b7, "getAllowList() view returns (address[])"},
    {0xa7fa83b7, "setSiloedBorrowing(address asset, bool newSiloed)"},
    {0xa87a20ce, "updateAnswer(int256 _answer)"},
    {0xa8d87a3b, "getOnRamp(uint64 destChainSelector) view returns (address)"},
    {0xa8f8a668, "getProposalId(address[] targets, uint256[] values, bytes[] calldatas, bytes32 "
                 "descriptionHash) view returns (uint256)"},
    {0xa9059cbb, "transfer(address recipient, uint256 amount) returns (bool)"},
    {0xa9a95294, "proposalNeedsQueuing(uint256) view returns (bool)"},
    {0xa9c622f8, "MAX_EXCESS_USAGE_RATIO() view returns (uint256)"},
    {0xaa50800b,
     "_contractAddressToDepositFunctionDepositerOffset(address) view returns (uint256)"},
    {0xaa5dc705, "tokenGasOracles(address feeToken, uint32 destinationDomain) view returns "
                 "(address gasOracle)"},
    {0xaaccd230, "quoteDispatch(bytes metadata, bytes message) view returns (uint256)"},
    {0xab58fb8e, "proposalEta(uint256 proposalId) view returns (uint256)"},
    {0xab9c4b5d,
     "flashLoan(address receiverAddress, address[] assets, uint256[] amounts, uint256[] "
     "interestRateModes, address onBehalfOf, bytes params, uint16 referralCode)"},
    {0xabc9db0b, "changeFee(uint8 destinationDomainID, bytes32 resourceID, uint256 newFee)"},
    {0xabd9bd2a,
     "hashOperation(address caller, address target, bytes data) view returns (bytes32)"},
    {0xabfd5310, "setAssetSources(address[] assets, address[] sources)"},
    {0xac607c21,
     "_tokenContractAddressToTokenProperties(address) view returns (bytes32 resourceID, bool "
     "isWhitelisted, bool isBurnable, (bool isSet, uint8 externalDecimals) decimals)"},
    {0xac9650d8, "multicall(bytes[] data) returns (bytes[] results)"},
    {0xacd78686, "getBaseStableBorrowRate() view returns (uint256)"},
    {0xacfecf91, "removeRemotePool(uint64 remoteChainSelector, bytes remotePoolAddress)"},
    {0xad3cb1cc, "UPGRADE_INTERFACE_VERSION() view returns (string)"},
    {0xad4e6432, "updateVariableDebtToken((address asset, address incentivesController, string "
                 "name, string symbol, address implementation, bytes params) input)"},
    {0xad7a22f8, "setMinSeqNr(uint64 minSeqNr)"},
    {0xae167335, "RESERVE_TREASURY_ADDRESS() view returns (address)"},
    {0xae39a257, "setDynamicConfig(address router, address rateLimitAdmin, address feeAdmin)"},
    {0xaeb4fcc1, "setDebtCeiling(address asset, uint256 newDebtCeiling)"},
    {0xaf58d59f,
     "getCurrentInboundRateLimiterState(uint64 remoteChainSelector) view returns ((uint128 tokens, "
     "uint32 lastUpdated, bool isEnabled, uint128 capacity, uint128 rate))"},
    {0xafcb95d7, "latestConfigDigestAndEpoch() view returns (bool scanLogs, bytes32 configDigest, "
                 "uint32 epoch)"},
    {0xaffed0e0, "nonce() view returns (uint256)"},
    {0xb06d41bc, "getNops() view returns ((address nop, uint16 weight)[] nopsAndWeights, uint256 "
                 "weightsTotal)"},
    {0xb07e54bb, "deposit(bytes32 resourceID, address depositor, bytes data) view returns (bytes)"},
    {0xb08e51c0, "CANCELLER_ROLE() view returns (bytes32)"},
    {0xb0f479a1, "getRouter() view returns (address router)"},
    {0xb16a19de, "UNDERLYING_ASSET_ADDRESS() view returns (address)"},
    {0xb1bd6436, "setDestinationGas((uint32 domain, uint256 gas)[] gasConfigs)"},
    {0xb1bf962d, "scaledTotalSupply() view returns (uint256)"},
    {0xb1c5f427, "hashOperationBatch(address[] targets, uint256[] values, bytes[] payloads, "
                 "bytes32 predecessor, bytes32 salt) pure returns (bytes32)"},
    {0xb1dc65a4,
     "transmit(bytes32[3] reportContext, bytes report, bytes32[] rs, bytes32[] ss, bytes32 rawVs)"},
    {0xb316ff89, "getAllReservesTokens() view returns ((string symbol, address tokenAddress)[])"},
    {0xb3596f07, "getAssetPrice(address asset) view returns (uint256)"},
    {0xb3d7f6b9, "previewMint(uint256 shares) view returns (uint256)"},
    {0xb3f1c93d, "mint(address user, address onBehalfOf, uint256 amount, uint256 index) returns "
                 "(bool, uint256)"},
    {0xb460af94, "withdraw(uint256 assets, address receiver, address owner) returns (uint256)"},
    {0xb49c53a7, "enrollRemoteRouter(uint32 _domain, bytes32 _router)"},
    {0xb4faba09, "simulateAndRevert(address targetContract, bytes calldataPayload)"},
    {0xb55d9904, "getPaused(address asset) view returns (bool isPaused)"},
    {0xb5727e6a, "addQuoteSigner(address _signer)"},
    {0xb58131b0, "proposalThreshold() view returns (uint256)"},
    {0xb5ab58dc, "getAnswer(uint256 roundId) view returns (int256)"},
    {0xb5bfddea, "BRIDGE_ROLE() view returns (bytes32)"},
    {0xb6113fce, "executeSingleMessage((uint64 sourceChainSelector, address sender, address "
                 "receiver, uint64 sequenceNumber, uint256 gasLimit, bool strict, uint64 nonce, "
                 "address feeToken, uint256 feeTokenAmount, bytes data, (address token, uint256 "
                 "amount)[] tokenAmounts, bytes[] sourceTokenData, bytes32 messageId) message, "
                 "bytes[] offchainTokenData, uint32[] tokenGasOverrides)"},
    {0xb633620c, "getTimestamp(uint256 roundId) view returns (uint256)"},
    {0xb63e800d,
     "setup(address[] _owners, uint256 _threshold, address to, bytes data, address "
     "fallbackHandler, address paymentToken, uint256 payment, address paymentReceiver)"},
    {0xb6cfa3b7, "setAllowedFinalityConfig(bytes4 allowedFinality)"},
    {0xb7009613, "canCall(address caller, address target, bytes4 selector) view returns (bool "
                 "immediate, uint32 delay)"},
    {0xb736aaeb, "setReserveActive(address asset, bool active)"},
    {0xb7946580, "getRemoteToken(uint64 remoteChainSelector) view returns (bytes)"},
    {0xb7d2b162, "revokeRole(uint64 roleId, address account)"},
    {0xb8f6dba7, "POOL_ADMIN_ROLE() view returns (bytes32)"},
    {0xb8fa3736, "setResource(bytes32 resourceID, address contractAddress)"},
    {0xb9a7b622, "DEBT_TOKEN_REVISION() view returns (uint256)"},
    {0xba087652, "redeem(uint256 shares, address receiver, address owner) returns (uint256)"},
    {0xba86a1f0, "ownerResetBlessVotes((address commitStore, bytes32 root)[] taggedRoots)"},
    {0xba9a7a56, "MINIMUM_LIQUIDITY() view returns (uint256)"},
    {0xbb01c37c, "updateAToken((address asset, address treasury, address incentivesController, "
                 "string name, string symbol, address implementation, bytes params) input)"},
    {0xbb98546b, "canAcceptLiquidity() view returns (bool)"},
    {0xbbe4f6db, "getPool(address token) view returns (address)"},
    {0xbc063e1a, "MAX_FEE() view returns (uint256)"},
    {0xbc197c81,
     "onERC1155BatchReceived(address, address, uint256[], uint256[], bytes) returns (bytes4)"},
    {0xbc25cf77, "skim(address to)"},
    {0xbc626908, "getStableRateExcessOffset() view returns (uint256)"},
    {0xbcb6e522,
     "updateFlashloanPremiums(uint128 flashLoanPremiumTotal, uint128 flashLoanPremiumToProtocol)"},
    {0xbd147ef4, "getCurseProgress(bytes16 subject) view returns (address[] curseVoteAddrs, "
                 "bytes28[] cursesHashes, uint16 accumulatedWeight, bool cursed)"},
    {0xbd2a1820, "adminWithdraw(address handlerAddress, bytes data)"},
    {0xbf031eae, "addInboundMetadata(uint32 _nonce, bytes metadata)"},
    {0xbf18402a,
     "getOutboundNonce(uint64 destChainSelector, address sender) view returns (uint64)"},
    {0xbf78e03f, "getTokenPriceFeedConfig(address token) view returns ((address dataFeedAddress, "
                 "uint8 tokenDecimals, bool isEnabled))"},
    {0xbf7e214f, "authority() view returns (address)"},
    {0xbf92857c, "getUserAccountData(address user) view returns (uint256 totalCollateralBase, "
                 "uint256 totalDebtBase, uint256 availableBorrowsBase, uint256 "
                 "currentLiquidationThreshold, uint256 ltv, uint256 healthFactor)"},
    {0xbfcd4566, "getPriceUpdaters() view returns (address[])"},
    {0xbfeffd3f, "updateAdvancedPoolHooks(address newHook)"},
    {0xc01f9e37, "proposalDeadline(uint256 proposalId) view returns (uint256)"},
    {0xc04a8a10, "approveDelegation(address delegatee, uint256 amount)"},
    {0xc0c53b8b, "initialize(address _hook, address _interchainSecurityModule, address _owner)"},
    {0xc0d78655, "setRouter(address newRouter)"},
    {0xc19d61e4, "setEModeCategory(uint8 categoryId, uint16 ltv, uint16 liquidationThreshold, "
                 "uint16 liquidationBonus, address oracle, string label)"},
    {0xc1af6e03, "isAdministrator(address localToken, address administrator) view returns (bool)"},
    {0xc222ec8a,
     "initialize(address initializingPool, address underlyingAsset, address incentivesController, "
     "uint8 debtTokenDecimals, string debtTokenName, string debtTokenSymbol, bytes params)"},
    {0xc28bc2fa, "relay(address target, uint256 value, bytes data) payable"},
    {0xc3827115, "removeRecipient(uint32 domain)"},
    {0xc44b11f7, "getConfiguration(address asset) view returns ((uint256 data))"},
    {0xc45a0155, "factory() view returns (address)"},
    {0xc4bffe2b, "getSupportedChains() view returns (uint64[])"},
    {0xc4d252f5, "cancel(bytes32 id)"},
    {0xc4d66de8, "initialize(address provider)"},
    {0xc51d72d8, "isQuoteSigner(address _signer) view returns (bool)"},
    {0xc54c2a11, "_resourceIDToContractAddress(bytes32) view returns (address)"},
    {0xc59057e4, "hashProposal(address[] targets, uint256[] values, bytes[] calldatas, bytes32 "
                 "descriptionHash) pure returns (uint256)"},
    {0xc63d75b6, "maxMint(address) view returns (uint256)"},
    {0xc673e584, "latestConfigDetails(uint8 ocrPluginType) view returns (((bytes32 configDigest, "
                 "uint8 F, uint8 n, bool isSignatureVerificationEnabled) configInfo, address[] "
                 "signers, address[] transmitters) ocrConfig)"},
    {0xc69c8ce2, "allowedRebalancers() view returns (address[])"},
    {0xc6e6f592, "convertToShares(uint256 assets) view returns (uint256)"},
    {0xc7230a60, "withdrawFeeTokens(address[] feeTokens, address recipient)"},
    {0xc75eea9c,
     "getCurrentOutboundRateLimiterState(uint64 remoteChainSelector) view returns ((uint128 "
     "tokens, uint32 lastUpdated, bool isEnabled, uint128 capacity, uint128 rate))"},
    {0xc8ba6c87, "_tokenContractAddressToResourceID(address) view returns (bytes32)"},
    {0xc9223625, "getInboundNonce(uint64 sourceChainSelector, bytes sender) view returns (uint64)"},
    {0xc92b2832, "setRateLimiterConfig((bool isEnabled, uint128 capacity, uint128 rate) config)"},
    {0xc9b146b3,
     "applyAllowlistUpdates((uint64 destChainSelector, bool allowlistEnabled, address[] "
     "addedAllowlistedSenders, address[] removedAllowlistedSenders)[] allowlistConfigArgsItems)"},
    {0xc9c65396, "createPair(address tokenA, address tokenB) returns (address pair)"},
    {0xca15c873, "getRoleMemberCount(bytes32 role) view returns (uint256)"},
    {0xca446dd9, "setAddress(bytes32 id, address newAddress)"},
    {0xcb10f215,
     "adminSetResource(address handlerAddress, bytes32 resourceID, address tokenAddress)"},
    {0xcb624463, "_contractAddressToDepositFunctionSignature(address) view returns (bytes4)"},
    {0xcb67e3b1, "getTokenConfig(address token) view returns ((address administrator, address "
                 "pendingAdministrator, address tokenPool))"},
    {0xcc1b6c81, "minSetback() view returns (uint32)"},
    {0xcc2f8452, "getModulesPaginated(address start, uint256 pageSize) view returns (address[] "
                 "array, address next)"},
    {0xcc8463c8, "defaultAdminDelay() view returns (uint48)"},
    {0xccd37ba3, "getMerkleRoot(uint64 sourceChainSelector, bytes32 root) view returns (uint256)"},
    {0xcd112382, "rebalanceStableBorrowRate(address asset, address user)"},
    {0xcd197237,
     "applySourceChainConfigUpdates((address router, uint64 sourceChainSelector, bool isEnabled, "
     "bool isRMNVerificationDisabled, bytes onRamp)[] sourceChainConfigUpdates)"},
    {0xcdc73d51, "getFeeTokens() view returns (address[])"},
    {0xcdfe7f5c, "sendMessage(bytes recipient, bytes payload, bytes[] attributes) payable returns "
                 "(bytes32 sendId)"},
    {0xce96cb77, "maxWithdraw(address owner) view returns (uint256)"},
    {0xcea9d26f, "rescueTokens(address token, address to, uint256 amount)"},
    {0xcefc1429, "acceptDefaultAdminTransfer()"},
    {0xcf6eefb7, "pendingDefaultAdmin() view returns (address newAdmin, uint48 schedule)"},
    {0xcf7401f3, "setChainRateLimiterConfig(uint64 remoteChainSelector, (bool isEnabled, uint128 "
                 "capacity, uint128 rate) outboundConfig, (bool isEnabled, uint128 capacity, "
                 "uint128 rate) inboundConfig)"},
    {0xcfdb63ac, "_whitelist(address) view returns (bool)"},
    {0xd02641a0, "getTokenPrice(address token) view returns ((uint224 value, uint32 timestamp))"},
    {0xd09dc339, "linkAvailableForPayment() view returns (int256)"},
    {0xd0c93a7c, "tickSpacing() view returns (int24)"},
    {0xd0e30db0, "deposit() payable"},
    {0xd12164e4, "inboundProcessedNonce() view returns (uint32)"},
    {0xd14a0983, "setBorrowCap(address asset, uint256 newBorrowCap)"},
    {0xd15e0053, "getReserveNormalizedIncome(address asset) view returns (uint256)"},
    {0xd15ef64e, "adminSetForwarder(address forwarder, bool valid)"},
    {0xd18af54d, "createProxyWithCallback(address _singleton, bytes initializer, uint256 "
                 "saltNonce, address callback) returns (address proxy)"},
    {0xd1946dbc, "getReservesList() view returns (address[])"},
    {0xd1b7d63e, "setValidatorsAndThreshold(address[] _validators, uint8 _threshold)"},
    {0xd1f856ee,
     "hasRole(uint64 roleId, address account) view returns (bool isMember, uint32 executionDelay)"},
    {0xd21220a7, "token1() view returns (address)"},
    {0xd22b5989, "setTargetAdminDelay(address target, uint32 newDelay)"},
    {0xd2493b6c, "getReserveTokensAddresses(address asset) view returns (address aTokenAddress, "
                 "address stableDebtTokenAddress, address variableDebtTokenAddress)"},
    {0xd2e5fae9, "endKeygen(address MPCAddress)"},
    {0xd45c4435, "getTimestamp(bytes32 id) view returns (uint256)"},
    {0xd4d9bdcd, "approveHash(bytes32 hashToApprove)"},
    {0xd4fe3f99, "setAssetEModeCategory(address asset, uint8 newCategoryId)"},
    {0xd505accf, "permit(address owner, address spender, uint256 value, uint256 deadline, uint8 v, "
                 "bytes32 r, bytes32 s)"},
    {0xd5438eae, "mailbox() view returns (address)"},
    {0xd547741f, "revokeRole(bytes32 role, address account)"},
    {0xd579ea7d, "configureEModeCategory(uint8 id, (uint16 ltv, uint16 liquidationThreshold, "
                 "uint16 liquidationBonus, address priceSource, string label) category)"},
    {0xd5cd7391, "getStableRateSlope1() view returns (uint256)"},
    {0xd5ed3933, "finalizeTransfer(address asset, address from, address to, uint256 amount, "
                 "uint256 balanceFromBefore, uint256 balanceToBefore)"},
    {0xd602b9fd, "cancelDefaultAdminTransfer()"},
    {0xd6162963, "executeSingleMessage((uint64 sourceChainSelector, uint64 destChainSelector, "
                 "uint64 messageNumber, uint32 executionGasLimit, uint32 ccipReceiveGasLimit, "
                 "bytes4 finality, bytes32 ccvAndExecutorHash, bytes onRampAddress, bytes "
                 "offRampAddress, bytes sender, bytes receiver, bytes destBlob, (uint256 amount, "
                 "bytes sourcePoolAddress, bytes sourceTokenAddress, bytes destTokenAddress, bytes "
                 "tokenReceiver, bytes extraData)[] tokenTransfer, bytes data) message, bytes32 "
                 "messageId, address[] ccvs, bytes[] verifierResults, uint32 gasLimitOverride)"},
    {0xd630960a,
     "offchainQuotes(address feeToken, uint32 destination, address sender) view returns ((uint128 "
     "tokenExchangeRate, uint128 gasPrice, uint48 issuedAt, uint48 expiry))"},
    {0xd63d3af2, "KEYSTONE_PRICE_DECIMALS() view returns (uint256)"},
    {0xd65dc7a1, "backUnbacked(address asset, uint256 amount, uint256 fee) returns (uint256)"},
    {0xd680a726, "quoteSigners() view returns (address[])"},
    {0xd6bb62c6, "cancel(address caller, address target, bytes data) returns (uint32)"},
    {0xd6d08a09, "requiredHook() view returns (address)"},
    {0xd7020d0a, "burn(address from, address receiverOfUnderlying, uint256 amount, uint256 index)"},
    {0xd7ed3ef4, "getFlashLoanEnabled(address asset) view returns (bool)"},
    {0xd8236744, "refreshKey(string hash)"},
    {0xd8694ccd, "getValidatedFee(uint64 destChainSelector, (bytes receiver, bytes data, (address "
                 "token, uint256 amount)[] tokenAmounts, address feeToken, bytes extraArgs) "
                 "message) view returns (uint256 feeTokenAmount)"},
    {0xd881e092, "getCursedSubjects() view returns (bytes16[] subjects)"},
    {0xd8d11f78, "getTransactionHash(address to, uint256 value, bytes data, uint8 operation, "
                 "uint256 safeTxGas, uint256 baseGas, uint256 gasPrice, address gasToken, address "
                 "refundReceiver, uint256 _nonce) view returns (bytes32 txHash)"},
    {0xd905777e, "maxRedeem(address owner) view returns (uint256)"},
    {0xd927f267,
     "getRecordedCurseRelatedOps(uint256 offset, uint256 limit) view returns ((uint8 tag, uint64 "
     "blockTimestamp, bool cursed, address curseVoteAddr, bytes16 subject, bytes16 curseId)[])"},
    {0xda5fcac8, "applyRampUpdates((uint64 destChainSelector, address onRamp)[] onRampUpdates, "
                 "(uint64 sourceChainSelector, address offRamp)[] offRampRemoves, (uint64 "
                 "sourceChainSelector, address offRamp)[] offRampAdds)"},
    {0xdbd18388, "getGracePeriod() view returns (uint256)"},
    {0xdc04fa1f, "applyTokenTransferFeeConfigUpdates((uint64 destChainSelector, (uint32 "
                 "destGasOverhead, uint32 destBytesOverhead, uint32 finalityFeeUSDCents, uint32 "
                 "fastFinalityFeeUSDCents, uint16 finalityTransferFeeBps, uint16 "
                 "fastFinalityTransferFeeBps, bool isEnabled) tokenTransferFeeConfig)[] "
                 "tokenTransferFeeConfigArgs, uint64[] disableTokenTransferFeeConfigs)"},
    {0xdc0bd971, "getRmnProxy() view returns (address rmnProxy)"},
    {0xdc680a0f, "supportsAttribute(bytes4 selector) view returns (bool)"},
    {0xdcbd41bc,
     "setRateLimitConfig((uint64 remoteChainSelector, bool fastFinality, (bool isEnabled, uint128 "
     "capacity, uint128 rate) outboundRateLimiterConfig, (bool isEnabled, uint128 capacity, "
     "uint128 rate) inboundRateLimiterConfig)[] rateLimitConfigArgs)"},
    {0xdd4e2ba5, "COUNTING_MODE() view returns (string)"},
    {0xdd62ed3e, "allowance(address owner, address spender) view returns (uint256)"},
    {0xddadfa8e, "transferAdminRole(address localToken, address newAdmin)"},
    {0xddca3f43, "fee() view returns (uint24)"},
    {0xde319d99,
     "setResource(bytes32 resourceID, address contractAddress, bytes4 depositFunctionSig, uint256 "
     "depositFunctionDepositerOffset, bytes4 executeFunctionSig)"},
    {0xde523cf3, "interchainSecurityModule() view returns (address)"},
    {0xde5e0b9a,
     "commit(bytes32[2] reportContext, bytes report, bytes32[] rs, bytes32[] ss, bytes32 rawVs)"},
    {0xdeaaa7cc, "BALLOT_TYPEHASH() view returns (bytes32)"},
    {0xdf0aa9e9,
     "forwardFromRouter(uint64 destChainSelector, (bytes receiver, bytes data, (address token, "
     "uint256 amount)[] tokenAmounts, address feeToken, bytes extraArgs) message, uint256 "
     "feeTokenAmount, address originalSender) returns (bytes32 messageId)"},
    {0xe009cfde, "disableModule(address prevModule, address module)"},
    {0xe0351e13, "getAllowListEnabled() view returns (bool)"},
    {0xe068df37, "setModuleGuard(address moduleGuard)"},
    {0xe0753986, "getPreviousIndex(address user) view returns (uint256)"},
    {0xe0e03cae, "incrementInboundNonce(uint64 sourceChainSelector, uint64 expectedNonce, bytes "
                 "sender) returns (bool)"},
    {0xe19a9dd9, "setGuard(address guard)"},
    {0xe19f4700, "BASE_CURRENCY() view returns (address)"},
    {0xe248cff2, "executeProposal(bytes32 resourceID, bytes data) returns (bytes)"},
    {0xe30c3978, "pendingOwner() view returns (address)"},
    {0xe318b52b, "swapOwner(address prevOwner, address oldOwner, address newOwner)"},
    {0xe38335e5, "executeBatch(address[] targets, uint256[] values, bytes[] payloads, bytes32 "
                 "predecessor, bytes32 salt) payable"},
    {0xe43e88a1, "resetIsolationModeTotalDebt(address asset)"},
    {0xe445e7dd, "hookType() pure returns (uint8)"},
    {0xe44e9ed1, "setPoolDataProvider(address newDataProvider)"},
    {0xe495f1d4, "delivered(bytes32 _id) view returns (bool)"},
    {0xe4ca28b7, "setPoolConfiguratorImpl(address newPoolConfiguratorImpl)"},
    {0xe5320bb9, "supportsMetadata(bytes metadata) view returns (bool)"},
    {0xe655dbd8, "setIncentivesController(address controller)"},
    {0xe677ae37, "proposeAdministrator(address localToken, address administrator)"},
    {0xe687b40a,
     "setDynamicConfig((address router, uint16 maxNumberOfTokensPerMsg, uint32 destGasOverhead, "
     "uint16 destGasPerPayloadByte, uint32 destDataAvailabilityOverheadGas, uint16 "
     "destGasPerDataAvailabilityByte, uint16 destDataAvailabilityMultiplierBps, address "
     "priceRegistry, uint32 maxDataBytes, uint32 maxPerMsgGasLimit) dynamicConfig)"},
    {0xe6a43905, "getPair(address, address) view returns (address)"},
    {0xe70f48ac, "recipientIsm(address _recipient) view returns (address)"},
    {0xe74b981b, "setFeeRecipient(address recipient)"},
    {0xe75235b8, "getThreshold() view returns (uint256)"},
    {0xe7eaecc2, "buildMessage(address sender, uint32 destinationDomain, bytes32 recipientAddress, "
                 "bytes messageBody) view returns (bytes)"},
    {0xe80a7c79, "initialize(uint256 _totalSupply, string _name, string _symbol, address _hook, "
                 "address _interchainSecurityModule, address _owner)"},
    {0xe82fec2f, "MAX_STABLE_RATE_BORROW_SIZE_PERCENT() view returns (uint256)"},
    {0xe860accb, "getPoolDataProvider() view returns (address)"},
    {0xe861e907, "getWrappedNative() view returns (address)"},
    {0xe86637db, "encodeTransactionData(address to, uint256 value, bytes data, uint8 operation, "
                 "uint256 safeTxGas, uint256 baseGas, uint256 gasPrice, address gasToken, address "
                 "refundReceiver, uint256 _nonce) view returns (bytes)"},
    {0xe89d039f, "isUnpausedAndNotCursed() view returns (bool)"},
    {0xe8a1da17,
     "applyChainUpdates(uint64[] remoteChainSelectorsToRemove, (uint64 remoteChainSelector, "
     "bytes[] remotePoolAddresses, bytes remoteTokenAddress, (bool isEnabled, uint128 capacity, "
     "uint128 rate) outboundRateLimiterConfig, (bool isEnabled, uint128 capacity, uint128 rate) "
     "inboundRateLimiterConfig)[] chainsToAdd)"},
    {0xe8d80861, "getExpectedNextMessageNumber(uint64 destChainSelector) view returns (uint64)"},
    {0xe8eda9df, "deposit(address asset, uint256 amount, address onBehalfOf, uint16 referralCode)"},
    {0xe9198bf9, "enrollRemoteRouters(uint32[] _domains, bytes32[] _addresses)"},
    {0xe9d68a8e,
     "getSourceChainConfig(uint64 sourceChainSelector) view returns ((address router, bool "
     "isEnabled, bytes[] onRamps, address[] defaultCCVs, address[] laneMandatedCCVs))"},
    {0xea458c0c,
     "getIncrementedOutboundNonce(uint64 destChainSelector, address sender) returns (uint64)"},
    {0xea6396db,
     "getTokenTransferFeeConfig(address, uint64 destChainSelector, bytes4, bytes) view returns "
     "((uint32 destGasOverhead, uint32 destBytesOverhead, uint32 finalityFeeUSDCents, uint32 "
     "fastFinalityFeeUSDCents, uint16 finalityTransferFeeBps, uint16 fastFinalityTransferFeeBps, "
     "bool isEnabled) feeConfig)"},
    {0xeaa83ddd, "getLocalChainSelector() view returns (uint64 localChainSelector)"},
    {0xeb521a4c, "provideLiquidity(uint256 amount)"},
    {0xeb9019d4, "getVotes(address account, uint256 timepoint) view returns (uint256)"},
    {0xebf0c717, "root() view returns (bytes32)"},
    {0xec6ae7a7, "getAllowedFinalityConfig() view returns (bytes4 allowedFinality)"},
    {0xec97d3b4, "_contractAddressToResourceID(address) view returns (bytes32)"},
    {0xec9e80bb, "createChainSpecificProxyWithNonce(address _singleton, bytes initializer, uint256 "
                 "saltNonce) returns (address proxy)"},
    {0xed301ca9, "setACLManager(address newAclManager)"},
    {0xedc20c3c, "adminSetDepositNonce(uint8 domainID, uint64 nonce)"},
    {0xeddf1b79, "getUserEMode(address user) view returns (uint256)"},
    {0xee3e210b,
     "repayWithPermit(address asset, uint256 amount, uint256 interestRateMode, address onBehalfOf, "
     "uint256 deadline, uint8 permitV, bytes32 permitR, bytes32 permitS) returns (uint256)"},
    {0xef4f081f, "calculateFee(address sender, uint8 fromDomainID, uint8 destinationDomainID, "
                 "bytes32 resourceID, bytes depositData, bytes feeData) view returns (uint256 fee, "
                 "address tokenAddress)"},
    {0xef8b30f7, "previewDeposit(uint256 assets) view returns (uint256)"},
    {0xefae508a, "unenrollRemoteRouter(uint32 _domain)"},
    {0xeff7cc48, "payNops()"},
    {0xf077b592,
     "getAllRateLimitTokens() view returns (address[] sourceTokens, address[] destTokens)"},
    {0xf07c1f47, "fooBar(uint256 amount, string message)"},
    {0xf08a0323, "setFallbackHandler(address handler)"},
    {0xf0aef31c, "setSequencerOracle(address newSequencerOracle)"},
    {0xf0ead51e, "executeProposal((uint8 originDomainID, uint64 depositNonce, bytes32 resourceID, "
                 "bytes data) proposal, bytes signature)"},
    {0xf11f4461, "feeHook() view returns (address)"},
    {0xf1382b26, "adminSetWhitelist(address whitelistAddress, bool isWhitelisted)"},
    {0xf14faf6f, "donate(uint256 amount) payable"},
    {0xf213ef0e, "setReserveFlashLoaning(address asset, bool enabled)"},
    {0xf23a6e61, "onERC1155Received(address, address, uint256, uint256, bytes) returns (bytes4)"},
    {0xf25561fd,
     "setFeeTokenConfig((address token, uint32 networkFeeUSDCents, uint64 gasMultiplierWeiPerEth, "
     "uint64 premiumMultiplierWeiPerEth, bool enabled)[] feeTokenConfigArgs)"},
    {0xf27a0c92, "getMinDelay() view returns (uint256)"},
    {0xf2ed8c53, "quoteGasPayment(uint32 _destinationDomain) view returns (uint256)"},
    {0xf2f65960, "setGracePeriod(uint256 newGracePeriod)"},
    {0xf2fde38b, "transferOwnership(address newOwner)"},
    {0xf3058399, "feeGrowthGlobal0X128() view returns (uint256)"},
    {0xf30dba93,
     "ticks(int24) view returns (uint128 liquidityGross, int128 liquidityNet, uint256 "
     "feeGrowthOutside0X128, uint256 feeGrowthOutside1X128, int56 tickCumulativeOutside, uint160 "
     "secondsPerLiquidityOutsideX128, uint32 secondsOutside, bool initialized)"},
    {0xf33f2895, "getBlessProgress((address commitStore, bytes32 root) taggedRoot) view returns "
                 "(address[] blessVoteAddrs, uint16 accumulatedWeight, bool blessed)"},
    {0xf3bfc738, "DELEGATION_WITH_SIG_TYPEHASH() view returns (bytes32)"},
    {0xf4202409, "getVariableRateSlope2() view returns (uint256)"},
    {0xf46901ed, "setFeeTo(address _feeTo)"},
    {0xf47a8690, "resetUnblessedRoots(bytes32[] rootToReset)"},
    {0xf51e435b, "setConfiguration(address asset, (uint256 data) configuration)"},
    {0xf5298aca, "burn(address from, uint256 amount, uint256 index) returns (uint256)"},
    {0xf561ae41, "getAllATokens() view returns ((string symbol, address tokenAddress)[])"},
    {0xf58e03fc, "execute(bytes32[2] reportContext, bytes report)"},
    {0xf637731d, "initialize(uint160 sqrtPriceX96)"},
    {0xf67b1847, "setMarketId(string newMarketId)"},
    {0xf698da25, "domainSeparator() view returns (bytes32)"},
    {0xf716f99f,
     "setOCR3Configs((bytes32 configDigest, uint8 ocrPluginType, uint8 F, bool "
     "isSignatureVerificationEnabled, address[] signers, address[] transmitters)[] ocrConfigArgs)"},
    {0xf794687a, "setDefaultIsm(address _module)"},
    {0xf7ccd321, "quoteDispatch(uint32 destinationDomain, bytes32 recipientAddress, bytes "
                 "messageBody, bytes defaultHookMetadata) view returns (uint256 fee)"},
    {0xf7e83aee, "verify(bytes _metadata, bytes _message) view returns (bool)"},
    {0xf801a698, "schedule(address target, bytes data, uint48 when) returns (bytes32 operationId, "
                 "uint32 nonce)"},
    {0xf8119d51, "MAX_NUMBER_RESERVES() view returns (uint16)"},
    {0xf83695cb, "removePoolAdmin(address admin)"},
    {0xf855438b, "checkSignatures(address executor, bytes32 dataHash, bytes signatures) view"},
    {0xf866c319, "transferOnLiquidation(address from, address to, uint256 value)"},
    {0xf8bb876e, "curse(bytes16[] subjects)"},
    {0xf8c39e44, "isValidForwarder(address) view returns (bool)"},
    {0xf8c8765e, "initialize(address _owner, address _defaultIsm, address _defaultHook, address "
                 "_requiredHook)"},
    {0xf8ce560a, "quorum(uint256 timepoint) view returns (uint256)"},
    {0xf8dc5dd9, "removeOwner(address prevOwner, address owner, uint256 _threshold)"},
    {0xfa31de01, "dispatch(uint32 _destinationDomain, bytes32 _recipientAddress, bytes "
                 "_messageBody) payable returns (bytes32)"},
    {0xfa50f297, "isFlashBorrower(address borrower) view returns (bool)"},
    {0xfa57f157, "approveTokenForBridge(address token, address bridge)"},
    {0xfa8675b0, "setResource(bytes32 resourceID, address contractAddress, bytes args)"},
    {0xfb4022d4, "revokeCandidate(bytes32 configDigest)"},
    {0xfbaca44c, "addBridge(uint32 domain, address bridge)"},
    {0xfbc801a7,
     "lockOrBurn((bytes receiver, uint64 remoteChainSelector, address originalSender, uint256 "
     "amount, address localToken) lockOrBurnIn, bytes4 requestedFinalityConfig, bytes tokenArgs) "
     "returns ((bytes destTokenAddress, bytes destPoolData), uint256 destTokenAmount)"},
    {0xfbca3b74, "getSupportedTokens(uint64 chainSelector) view returns (address[])"},
    {0xfbe3f778, "updateTokenPriceFeeds((address sourceToken, (address dataFeedAddress, uint8 "
                 "tokenDecimals, bool isEnabled) feedConfig)[] tokenPriceFeedUpdates)"},
    {0xfc0c546a, "token() view returns (address)"},
    {0xfca513a8, "getPriceOracle() view returns (address)"},
    {0xfcf40a62, "getSiloedBorrowing(address asset) view returns (bool)"},
    {0xfd54b228, "tree() view returns ((bytes32[32] branch, uint256 count))"},
    {0xfe0776f5, "renounceRole(uint64 roleId, address callerConfirmation)"},
    {0xfe4648f4, "_feeHandler() view returns (address)"},
    {0xfe5fd698, "MAX_EXCESS_STABLE_TO_TOTAL_DEBT_RATIO() view returns (uint256)"},
    {0xfeaf968c, "latestRoundData() view returns (uint80 roundId, int256 answer, uint256 "
                 "startedAt, uint256 updatedAt, uint80 answeredInRound)"},
    {0xff888fb1, "isBlessed(bytes32 root) view returns (bool)"},
    {0xffa1ad74, "VERSION() view returns (string)"},
    {0xffaac0eb, "adminUnpauseTransfers()"},
    {0xffdb4b37, "getTokenAndGasPrices(address token, uint64 destChainSelector) view returns "
                 "(uint224 tokenPrice, uint224 gasPriceValue)"},
    {0xfff6cae9, "sync()"},
};

static const struct known events[] = {
    {0x00058a56, "ReserveUsedAsCollateralEnabled(address indexed reserve, address indexed user)"},
    {0x0109fc6f, "NewRound(uint256 indexed roundId, address indexed startedBy, uint256 startedAt)"},
    {0x02636026,
     "SupplyCapChanged(address indexed asset, uint256 oldSupplyCap, uint256 newSupplyCap)"},
    {0x02dc5c23, "RouterUpdated(address oldRouter, address newRouter)"},
    {0x0350d63a, "ChainConfigured(uint64 remoteChainSelector, (bool isEnabled, uint128 capacity, "
                 "uint128 rate) outboundRateLimiterConfig, (bool isEnabled, uint128 capacity, "
                 "uint128 rate) inboundRateLimiterConfig)"},
    {0x04d55a8b, "BeneficiarySet(address beneficiary)"},
    {0x0559884f,
     "AnswerUpdated(int256 indexed current, uint256 indexed roundId, uint256 updatedAt)"},
    {0x05665fe9, "ExecutionStateChanged(uint64 indexed sourceChainSelector, uint64 indexed "
                 "sequenceNumber, bytes32 indexed messageId, bytes32 messageHash, uint8 state, "
                 "bytes returnData, uint256 gasUsed)"},
    {0x0676e709, "Uncursed(bytes16[] subjects)"},
    {0x067924bf,
     "FeeConfigSet((address token, uint32 networkFeeUSDCents, uint64 gasMultiplierWeiPerEth, "
     "uint64 premiumMultiplierWeiPerEth, bool enabled)[] feeConfig)"},
    {0x09808b1f, "UnbackedMintCapChanged(address indexed asset, uint256 oldUnbackedMintCap, "
                 "uint256 newUnbackedMintCap)"},
    {0x0a6387c9, "EIP712DomainChanged()"},
    {0x0a7df5db, "ConfigSet((uint64 chainSelector, address rmnRemote, uint32 "
                 "maxUSDCentsPerMessage, address tokenAdminRegistry) staticConfig, (address "
                 "feeQuoter, bool reentrancyGuardEntered, address feeAggregator) dynamicConfig)"},
    {0x0acf8b4a, "EModeCategoryAdded(uint8 indexed categoryId, uint256 ltv, uint256 "
                 "liquidationThreshold, uint256 liquidationBonus, address oracle, string label)"},
    {0x0b31c005, "ActiveConfigRevoked(bytes32 indexed configDigest)"},
    {0x0b64d094, "ReserveStableRateBorrowing(address indexed asset, bool enabled)"},
    {0x0c396cd9, "Burn(address indexed owner, int24 indexed tickLower, int24 indexed tickUpper, "
                 "uint128 amount, uint256 amount0, uint256 amount1)"},
    {0x0c4443d2, "ReserveFrozen(address indexed asset, bool frozen)"},
    {0x0d3648bd,
     "PairCreated(address indexed token0, address indexed token1, address pair, uint256)"},
    {0x0d381c2a,
     "Process(uint32 indexed origin, bytes32 indexed sender, address indexed recipient)"},
    {0x0e2293f1, "QuoteSubmitted(bytes context, uint48 issuedAt, uint48 expiry)"},
    {0x11511169, "ChangedGuard(address indexed guard)"},
    {0x11c24f4e, "MinDelayChange(uint256 oldDuration, uint256 newDuration)"},
    {0x1256f5b5, "RoleLabel(uint64 indexed roleId, string label)"},
    {0x141df868, "SafeSetup(address indexed initiator, address[] owners, uint256 threshold, "
                 "address initializer, address fallbackHandler)"},
    {0x1591690b, "ConfigSet(uint32 previousConfigBlockNumber, bytes32 configDigest, uint64 "
                 "configCount, address[] signers, address[] transmitters, uint8 f, bytes "
                 "onchainConfig, uint64 offchainConfigVersion, bytes offchainConfig)"},
    {0x1716e663, "Cursed(bytes16[] subjects)"},
    {0x1795838d, "FeeTokenRemoved(address indexed feeToken)"},
    {0x17bc3181, "Deposit(uint8 destinationDomainID, bytes32 resourceID, uint64 depositNonce, "
                 "address indexed user, bytes data, bytes handlerResponse)"},
    {0x1871cdf8, "TokensConsumed(uint256 tokens)"},
    {0x192442a2, "CCIPMessageSent(uint64 indexed destChainSelector, uint64 indexed sequenceNumber, "
                 "((bytes32 messageId, uint64 sourceChainSelector, uint64 destChainSelector, "
                 "uint64 sequenceNumber, uint64 nonce) header, address sender, bytes data, bytes "
                 "receiver, bytes extraArgs, address feeToken, uint256 feeTokenAmount, uint256 "
                 "feeValueJuels, (address sourcePoolAddress, bytes destTokenAddress, bytes "
                 "extraData, uint256 amount, bytes destExecData)[] tokenAmounts) message)"},
    {0x198d6990,
     "Transmitted(uint8 indexed ocrPluginType, bytes32 configDigest, uint64 sequenceNumber)"},
    {0x1999e59a, "QuoteSignerAdded(address signer)"},
    {0x19f774a6,
     "FailedHandlerExecution(bytes lowLevelData, uint8 originDomainID, uint64 depositNonce)"},
    {0x1c411e9a, "Sync(uint112 reserve0, uint112 reserve1)"},
    {0x1cae38cd, "ProcessId(bytes32 indexed messageId)"},
    {0x1f69d1a2,
     "DynamicConfigSet(bytes32 indexed configDigest, ((uint64 chainSelector, uint64 fObserve, "
     "uint256 observerNodesBitmap)[] sourceChains, bytes offchainConfig) dynamicConfig)"},
    {0x1f7d0ec2, "OnRampSet(uint64 indexed destChainSelector, address onRamp)"},
    {0x1fd6dd76, "RoleAdminChanged(uint64 indexed roleId, uint64 indexed admin)"},
    {0x202f1139, "RootRemoved(bytes32 root)"},
    {0x20fda5fd, "CallSalt(bytes32 indexed id, bytes32 salt)"},
    {0x22c5b7b2, "AssetSourceUpdated(address indexed asset, address indexed source)"},
    {0x23428b18, "ExecutionFailure(bytes32 indexed txHash, uint256 payment)"},
    {0x2431cc03,
     "DestChainConfigUpdated(uint64 indexed destChainSelector, (bool isEnabled, uint16 "
     "maxNumberOfTokensPerMsg, uint32 maxDataBytes, uint32 maxPerMsgGasLimit, uint32 "
     "destGasOverhead, uint8 destGasPerPayloadByteBase, uint8 destGasPerPayloadByteHigh, uint16 "
     "destGasPerPayloadByteThreshold, uint32 destDataAvailabilityOverheadGas, uint16 "
     "destGasPerDataAvailabilityByte, uint16 destDataAvailabilityMultiplierBps, bytes4 "
     "chainFamilySelector, bool enforceOutOfOrder, uint16 defaultTokenFeeUSDCents, uint32 "
     "defaultTokenDestGasOverhead, uint32 defaultTxGasLimit, uint64 gasMultiplierWeiPerEth, uint32 "
     "gasPriceStalenessThreshold, uint32 networkFeeUSDCents) destChainConfig)"},
    {0x2443ba28, "ReserveBorrowing(address indexed asset, bool enabled)"},
    {0x24e723a5, "StartKeygen()"},
    {0x253a3a04, "InsertedIntoTree(bytes32 messageId, uint32 index)"},
    {0x2640d4d7, "AllowListAdd(address sender)"},
    {0x2717ead6, "Withdrawal(address indexed token, address indexed recipient, uint256 amount)"},
    {0x274d6d5b, "AlreadyBlessed(uint32 indexed configVersion, address indexed voter, (address "
                 "commitStore, bytes32 root) taggedRoot)"},
    {0x281596e9,
     "BackUnbacked(address indexed reserve, address indexed backer, uint256 amount, uint256 fee)"},
    {0x28d6c52e, "FastFinalityOutboundRateLimitConsumed(uint64 indexed remoteChainSelector, "
                 "address token, uint256 amount)"},
    {0x291698c0, "ReportAccepted((((address sourceToken, uint224 usdPerToken)[] tokenPriceUpdates, "
                 "(uint64 destChainSelector, uint224 usdPerUnitGas)[] gasPriceUpdates) "
                 "priceUpdates, (uint64 min, uint64 max) interval, bytes32 merkleRoot) report)"},
    {0x2a08a2bd, "VotedToBless(uint32 indexed configVersion, address indexed voter, (address "
                 "commitStore, bytes32 root) taggedRoot, uint8 weight)"},
    {0x2a57f7c2,
     "ConfigSet((address linkToken, uint64 chainSelector, uint64 destChainSelector, uint64 "
     "defaultTxGasLimit, uint96 maxNopFeesJuels, address prevOnRamp, address armProxy) "
     "staticConfig, (address router, uint16 maxNumberOfTokensPerMsg, uint32 destGasOverhead, "
     "uint16 destGasPerPayloadByte, uint32 destDataAvailabilityOverheadGas, uint16 "
     "destGasPerDataAvailabilityByte, uint16 destDataAvailabilityMultiplierBps, address "
     "priceRegistry, uint32 maxDataBytes, uint32 maxPerMsgGasLimit) dynamicConfig)"},
    {0x2b1fa2ed, "DefaultAdminDelayChangeCanceled()"},
    {0x2b627736, "Supply(address indexed reserve, address user, address indexed onBehalfOf, "
                 "uint256 amount, uint16 indexed referralCode)"},
    {0x2d87480f, "Released(address indexed sender, address indexed recipient, uint256 amount)"},
    {0x2f658b44, "AuthorityUpdated(address authority)"},
    {0x2f878811,
     "RoleGranted(bytes32 indexed role, address indexed account, address indexed sender)"},
    {0x307cf716, "FinalityConfigSet(bytes4 allowedFinality)"},
    {0x30b17cb5,
     "BridgeProtocolFeeUpdated(uint256 oldBridgeProtocolFee, uint256 newBridgeProtocolFee)"},
    {0x3115d144,
     "Withdraw(address indexed reserve, address indexed user, address indexed to, uint256 amount)"},
    {0x329ec8e2, "RequiredHookSet(address indexed hook)"},
    {0x32a4ba3f,
     "ReportPermissionSet(bytes32 indexed reportId, (address forwarder, bytes10 workflowName, "
     "bytes2 reportName, address workflowOwner, bool isAllowed) permission)"},
    {0x330939f6, "AllowListSendersAdded(uint64 indexed destChainSelector, address[] senders)"},
    {0x3377dc44, "DefaultAdminTransferScheduled(address indexed newAdmin, uint48 acceptSchedule)"},
    {0x33d1191f, "GracePeriodUpdated(uint256 newGracePeriod)"},
    {0x34a02290, "PriceUpdaterSet(address indexed priceUpdater)"},
    {0x371bc2ff,
     "CCIPMessageSent(uint64 indexed destChainSelector, address indexed sender, bytes32 indexed "
     "messageId, address feeToken, uint256 tokenAmountBeforeTokenPoolFees, bytes encodedMessage, "
     "(address issuer, uint32 destGasLimit, uint32 destBytesOverhead, uint256 feeTokenAmount, "
     "bytes extraArgs)[] receipts, bytes[] verifierBlobs)"},
    {0x38d16b8c,
     "OwnershipTransferStarted(address indexed previousOwner, address indexed newOwner)"},
    {0x399b5520, "AdministratorTransferred(address indexed token, address indexed newAdmin)"},
    {0x3a0ca721,
     "ReserveInitialized(address indexed asset, address indexed aToken, address stableDebtToken, "
     "address variableDebtToken, address interestRateStrategyAddress)"},
    {0x3b575419,
     "SkippedAlreadyExecutedMessage(uint64 sourceChainSelector, uint64 sequenceNumber)"},
    {0x3bbd45b5, "AddressSetAsProxy(bytes32 indexed id, address indexed proxyAddress, address "
                 "oldImplementationAddress, address indexed newImplementationAddress)"},
    {0x3cabf004, "RegistryModuleAdded(address module)"},
    {0x3d0ce9bf, "SafeReceived(address indexed sender, uint256 value)"},
    {0x3ef2a99c, "AlreadyAttempted(uint64 sourceChainSelector, uint64 sequenceNumber)"},
    {0x3f1036e8, "DynamicConfigSet(address router, address rateLimitAdmin, address feeAdmin)"},
    {0x3f51c54f, "FailedHandlerExecution()"},
    {0x40251fbf, "Initialized(address indexed underlyingAsset, address indexed pool, address "
                 "incentivesController, uint8 debtTokenDecimals, string debtTokenName, string "
                 "debtTokenSymbol, bytes params)"},
    {0x4187686c, "EndKeygen()"},
    {0x41f7c8f7, "RateLimitConfigured(uint64 indexed remoteChainSelector, bool fastFinality, (bool "
                 "isEnabled, uint128 capacity, uint128 rate) outboundRateLimiterConfig, (bool "
                 "isEnabled, uint128 capacity, uint128 rate) inboundRateLimiterConfig)"},
    {0x442e715f, "ExecutionSuccess(bytes32 indexed txHash, uint256 payment)"},
    {0x44676b52, "RateLimitAdminSet(address rateLimitAdmin)"},
    {0x44c58d81, "ReserveUsedAsCollateralDisabled(address indexed reserve, address indexed user)"},
    {0x458f5fa4, "Mint(address indexed caller, address indexed onBehalfOf, uint256 value, uint256 "
                 "balanceIncrease, uint256 index)"},
    {0x45b5ad48, "ConfigSet((address linkToken, uint64 chainSelector, uint64 destChainSelector, "
                 "uint64 defaultTxGasLimit, uint96 maxNopFeesJuels, address prevOnRamp, address "
                 "rmnProxy, address tokenAdminRegistry) staticConfig, (address router, uint16 "
                 "maxNumberOfTokensPerMsg, uint32 destGasOverhead, uint16 destGasPerPayloadByte, "
                 "uint32 destDataAvailabilityOverheadGas, uint16 destGasPerDataAvailabilityByte, "
                 "uint16 destDataAvailabilityMultiplierBps, address priceRegistry, uint32 "
                 "maxDataBytes, uint32 maxPerMsgGasLimit, uint16 defaultTokenFeeUSDCents, uint32 "
                 "defaultTokenDestGasOverhead, bool enforceOutOfOrder) dynamicConfig)"},
    {0x497acaa3, "AccessControlChanged(address newAccessControl)"},
    {0x4a465a9b, "ProxyCreated(bytes32 indexed id, address indexed proxyAddress, address indexed "
                 "implementationAddress)"},
    {0x4beccb90,
     "BalanceTransfer(address indexed from, address indexed to, uint256 value, uint256 index)"},
    {0x4c209b5f, "Mint(address indexed sender, uint256 amount0, uint256 amount1)"},
    {0x4cf25bc1, "Burn(address indexed from, address indexed target, uint256 value, uint256 "
                 "balanceIncrease, uint256 index)"},
    {0x4cf4410c, "CallScheduled(bytes32 indexed id, uint256 indexed index, address target, uint256 "
                 "value, bytes data, bytes32 predecessor, uint256 delay)"},
    {0x4de5b1bc,
     "TokenTransferFeeConfigDeleted(uint64 indexed destChainSelector, address indexed token)"},
    {0x4eab7b12, "HookSet(address _hook)"},
    {0x4f51faf6, "ProxyCreation(address indexed proxy, address singleton)"},
    {0x508d7d18,
     "FeeTokenWithdrawn(address indexed feeAggregator, address indexed feeToken, uint256 amount)"},
    {0x50f6fbee,
     "InboundRateLimitConsumed(uint64 indexed remoteChainSelector, address token, uint256 amount)"},
    {0x5204aec9, "ChainRemoved(uint64 remoteChainSelector)"},
    {0x52d00ee4, "RemotePoolRemoved(uint64 indexed remoteChainSelector, bytes remotePoolAddress)"},
    {0x52f50aa6, "UsdPerTokenUpdated(address indexed token, uint256 value, uint256 timestamp)"},
    {0x5326514e,
     "PriceOracleSentinelUpdated(address indexed oldAddress, address indexed newAddress)"},
    {0x53f5d922, "CandidateConfigRevoked(bytes32 indexed configDigest)"},
    {0x5479bbc0, "TokenTransferFeeConfigDeleted(uint64 indexed destChainSelector)"},
    {0x5548c837, "Deposit(address indexed token, address indexed depositor, uint256 amount)"},
    {0x555c7410,
     "TokenTransferFeeConfigSet((address token, uint32 minFeeUSDCents, uint32 maxFeeUSDCents, "
     "uint16 deciBps, uint32 destGasOverhead, uint32 destBytesOverhead)[] transferFeeConfig)"},
    {0x55fdec2a, "NopPaid(address indexed nop, uint256 amount)"},
    {0x56b5f80d, "PriceOracleUpdated(address indexed oldAddress, address indexed newAddress)"},
    {0x596b5739, "CollectProtocol(address indexed sender, address indexed recipient, uint128 "
                 "amount0, uint128 amount1)"},
    {0x5ac6c46c, "ChangedFallbackHandler(address indexed handler)"},
    {0x5bb69795,
     "EModeAssetCategoryChanged(address indexed asset, uint8 oldCategoryId, uint8 newCategoryId)"},
    {0x5d8bc849, "Donation(address sender, uint256 amount)"},
    {0x5db9ee0a, "Unpaused(address account)"},
    {0x6018c584, "ProposalExecution(uint8 originDomainID, uint64 depositNonce, bytes32 dataHash)"},
    {0x606ff817, "SkippedIncorrectNonce(uint64 sourceChainSelector, uint64 nonce, bytes sender)"},
    {0x610f7ff2, "ChangedThreshold(uint256 threshold)"},
    {0x62e78cea, "Paused(address account)"},
    {0x637febbd, "CollateralConfigurationChanged(address indexed asset, uint256 ltv, uint256 "
                 "liquidationThreshold, uint256 liquidationBonus)"},
    {0x64187bd7, "RebalancerSet(address oldRebalancer, address newRebalancer)"},
    {0x65695c37, "GasPayment(bytes32 indexed messageId, uint32 indexed destinationDomain, uint256 "
                 "gasAmount, uint256 payment)"},
    {0x65a63e50, "DefaultHookSet(address indexed hook)"},
    {0x65d0e78c, "CurseLifted(bytes16 subject)"},
    {0x66b4b475, "PermaBlessedCommitStoreAdded(address commitStore)"},
    {0x676a2319,
     "DestinationGasConfigSet(uint32 remoteDomain, address gasOracle, uint96 gasOverhead)"},
    {0x67d9ba0f, "AlreadyAttempted(uint64 sequenceNumber)"},
    {0x6824a6c7,
     "DebtCeilingChanged(address indexed asset, uint256 oldDebtCeiling, uint256 newDebtCeiling)"},
    {0x6895c136, "ExecutionFromModuleSuccess(address indexed module)"},
    {0x68c3768c,
     "TokenGasOracleSet(address indexed feeToken, uint32 remoteDomain, address gasOracle)"},
    {0x696de425, "Burned(address indexed sender, uint256 amount)"},
    {0x6bbc5748, "FeeChanged(uint256 newFee)"},
    {0x6db41627,
     "StaticConfigSet((uint64 localChainSelector, uint16 gasForCallExactCheck, address rmnRemote, "
     "address tokenAdminRegistry, uint32 maxGasBufferToUpdateState) staticConfig)"},
    {0x6dfbb745, "AlreadyVotedToBless(uint32 indexed configVersion, address indexed voter, "
                 "(address commitStore, bytes32 root) taggedRoot)"},
    {0x6fa7abcf, "LiquidityTransferred(address indexed from, uint256 amount)"},
    {0x70935338, "Collect(address indexed owner, address recipient, int24 indexed tickLower, int24 "
                 "indexed tickUpper, uint128 amount0, uint128 amount1)"},
    {0x712ae138, "ProposalExecuted(uint256 proposalId)"},
    {0x71aba182, "FlashloanPremiumTotalUpdated(uint128 oldFlashloanPremiumTotal, uint128 "
                 "newFlashloanPremiumTotal)"},
    {0x71e9302a,
     "DestChainAdded(uint64 indexed destChainSelector, (bool isEnabled, uint16 "
     "maxNumberOfTokensPerMsg, uint32 maxDataBytes, uint32 maxPerMsgGasLimit, uint32 "
     "destGasOverhead, uint8 destGasPerPayloadByteBase, uint8 destGasPerPayloadByteHigh, uint16 "
     "destGasPerPayloadByteThreshold, uint32 destDataAvailabilityOverheadGas, uint16 "
     "destGasPerDataAvailabilityByte, uint16 destDataAvailabilityMultiplierBps, bytes4 "
     "chainFamilySelector, bool enforceOutOfOrder, uint16 defaultTokenFeeUSDCents, uint32 "
     "defaultTokenDestGasOverhead, uint32 defaultTxGasLimit, uint64 gasMultiplierWeiPerEth, uint32 "
     "gasPriceStalenessThreshold, uint32 networkFeeUSDCents) destChainConfig)"},
    {0x729170bd, "FeeHandlerChanged(address newFeeHandler)"},
    {0x72ec11bb, "SourceChainConfigSet(uint64 indexed sourceChainSelector, (address router, uint64 "
                 "sourceChainSelector, bool isEnabled, bytes[] onRamps, address[] defaultCCVs, "
                 "address[] laneMandatedCCVs) sourceConfig)"},
    {0x7446eaa0, "MessageSent(bytes32 indexed sendId, bytes sender, bytes recipient, bytes "
                 "payload, uint256 value, bytes[] attributes)"},
    {0x74adf6aa, "BorrowableInIsolationChanged(address asset, bool borrowable)"},
    {0x754449ec,
     "PoolSet(address indexed token, address indexed previousPool, address indexed newPool)"},
    {0x769f711d, "Dispatch(address indexed sender, uint32 indexed destination, bytes32 indexed "
                 "recipient, bytes message)"},
    {0x76a2a469, "OperationExecuted(bytes32 indexed operationId, uint32 indexed nonce)"},
    {0x783cca1c, "PoolCreated(address indexed token0, address indexed token1, uint24 indexed fee, "
                 "int24 tickSpacing, address pool)"},
    {0x7879e20b,
     "ConfigSet((address commitStore, uint64 chainSelector, uint64 sourceChainSelector, address "
     "onRamp, address prevOffRamp, address rmnProxy, address tokenAdminRegistry) staticConfig, "
     "(uint32 permissionLessExecutionThresholdSeconds, uint32 maxDataBytes, uint16 "
     "maxNumberOfTokensPerMsg, address router, address priceRegistry) dynamicConfig)"},
    {0x788dbc1b, "DispatchId(bytes32 indexed messageId)"},
    {0x789cf55b, "ProposalCanceled(uint256 proposalId)"},
    {0x7962b394,
     "SwapBorrowRateMode(address indexed reserve, address indexed user, uint8 interestRateMode)"},
    {0x7a53080b, "Mint(address sender, address indexed owner, int24 indexed tickLower, int24 "
                 "indexed tickUpper, uint128 amount, uint256 amount0, uint256 amount1)"},
    {0x7a805963, "RoleGuardianChanged(uint64 indexed roleId, uint64 indexed guardian)"},
    {0x7a943a5b, "StableDebtTokenUpgraded(address indexed asset, address indexed proxy, address "
                 "indexed implementation)"},
    {0x7d15a6ee, "TaggedRootBlessVotesReset(uint32 indexed configVersion, (address commitStore, "
                 "bytes32 root) taggedRoot, bool wasBlessed)"},
    {0x7d628c9a, "RemotePoolAdded(uint64 indexed remoteChainSelector, bytes remotePoolAddress)"},
    {0x7d84a626, "ProposalCreated(uint256 proposalId, address proposer, address[] targets, "
                 "uint256[] values, string[] signatures, bytes[] calldatas, uint256 voteStart, "
                 "uint256 voteEnd, string description)"},
    {0x7e644d79, "AdminChanged(address previousAdmin, address newAdmin)"},
    {0x7f22bf98, "ConfigSet(uint32 indexed version, (bytes32 rmnHomeContractConfigDigest, (address "
                 "onchainPublicKey, uint64 nodeIndex)[] signers, uint64 fSign) config)"},
    {0x7f26b83f, "Initialized(uint8 version)"},
    {0x80067113, "AllowListRemove(address sender)"},
    {0x804c9b84,
     "ReserveDataUpdated(address indexed reserve, uint256 liquidityRate, uint256 stableBorrowRate, "
     "uint256 variableBorrowRate, uint256 liquidityIndex, uint256 variableBorrowIndex)"},
    {0x8137bc8a,
     "VotedToCurse(uint32 indexed configVersion, address indexed voter, bytes16 subject, bytes16 "
     "curseId, uint8 weight, uint64 blockTimestamp, bytes28 cursesHash, uint16 accumulatedWeight)"},
    {0x8257378a, "TaggedRootBlessed(uint32 indexed configVersion, (address commitStore, bytes32 "
                 "root) taggedRoot, uint16 accumulatedWeight)"},
    {0x82a2da5d, "OperationScheduled(bytes32 indexed operationId, uint32 indexed nonce, uint48 "
                 "schedule, address caller, address target, bytes data)"},
    {0x842a280b, "SiloedBorrowingChanged(address indexed asset, bool oldState, bool newState)"},
    {0x8685397d, "DestinationGasOverheadSet(uint32 indexed remoteDomain, uint256 gasOverhead)"},
    {0x8886ebfc, "DefaultAdminTransferCanceled()"},
    {0x89328925, "PoolConfiguratorUpdated(address indexed oldAddress, address indexed newAddress)"},
    {0x8be0079c, "OwnershipTransferred(address indexed previousOwner, address indexed newOwner)"},
    {0x8c324ce1, "ExecutionStateChanged(uint64 indexed sourceChainSelector, uint64 indexed "
                 "messageNumber, bytes32 indexed messageId, uint8 state, bytes returnData)"},
    {0x8c337bff, "NopsSet(uint256 nopWeightsTotal, (address nop, uint16 weight)[] nopsAndWeights)"},
    {0x8c49fda8, "ConfigSet(uint32 indexed configVersion, ((address blessVoteAddr, address "
                 "curseVoteAddr, uint8 blessWeight, uint8 curseWeight)[] voters, uint16 "
                 "blessWeightThreshold, uint16 curseWeightThreshold) config)"},
    {0x8c5be1e5, "Approval(address indexed owner, address indexed spender, uint256 value)"},
    {0x8d340f17, "ChainAdded(uint64 remoteChainSelector, bytes remoteToken, (bool isEnabled, "
                 "uint128 capacity, uint128 rate) outboundRateLimiterConfig, (bool isEnabled, "
                 "uint128 capacity, uint128 rate) inboundRateLimiterConfig)"},
    {0x8fe72c3e, "AdminSet(address newAdmin)"},
    {0x9069464c, "Retry(string txHash)"},
    {0x90affc16, "PoolUpdated(address indexed oldAddress, address indexed newAddress)"},
    {0x90d4e7bb, "TargetClosed(address indexed target, bool closed)"},
    {0x93eaa26d, "RegistryModuleRemoved(address indexed module)"},
    {0x9439658a, "VariableDebtTokenUpgraded(address indexed asset, address indexed proxy, address "
                 "indexed implementation)"},
    {0x9465fa0c, "AddedOwner(address indexed owner)"},
    {0x94967ae9,
     "TokenTransferFeeConfigUpdated(uint64 indexed destChainSelector, address indexed token, "
     "(uint32 minFeeUSDCents, uint32 maxFeeUSDCents, uint16 deciBps, uint32 destGasOverhead, "
     "uint32 destBytesOverhead, bool isEnabled) tokenTransferFeeConfig)"},
    {0x95cbf1d8, "SequencerOracleUpdated(address newSequencerOracle)"},
    {0x95f865c2, "PoolAdded(address token, address pool)"},
    {0x973d8d92, "SetFeeProtocol(uint8 feeProtocol0Old, uint8 feeProtocol1Old, uint8 "
                 "feeProtocol0New, uint8 feeProtocol1New)"},
    {0x97d8367a, "ReceivedCall(address indexed caller, uint256 amount, string message)"},
    {0x98636036, "Initialize(uint160 sqrtPriceX96, int24 tick)"},
    {0x987eb3c2, "PoolRemoved(address token, address pool)"},
    {0x99415f1f, "DestChainConfigSet(uint64 indexed destChainSelector, uint64 messageNumber, "
                 "(uint64 destChainSelector, address router, uint8 addressBytesLength, bool "
                 "tokenReceiverAllowed, uint16 messageNetworkFeeUSDCents, uint16 "
                 "tokenNetworkFeeUSDCents, uint32 baseExecutionGasCost, address[] defaultCCVs, "
                 "address[] laneMandatedCCVs, address defaultExecutor, bytes offRamp) config)"},
    {0x9a2e42fd, "ProposalQueued(uint256 proposalId, uint256 etaSeconds)"},
    {0x9b877de9, "MessageExecuted(bytes32 messageId, uint64 sourceChainSelector, address offRamp, "
                 "bytes32 calldataHash)"},
    {0x9d228d69, "Minted(address indexed sender, address indexed recipient, uint256 amount)"},
    {0x9ea3374b, "ConfigChanged((bool isEnabled, uint128 capacity, uint128 rate) config)"},
    {0x9ea6790c,
     "TargetFunctionRoleUpdated(address indexed target, bytes4 selector, uint64 indexed roleId)"},
    {0x9ef0e8c8,
     "AddressSet(bytes32 indexed id, address indexed oldAddress, address indexed newAddress)"},
    {0x9f1ec8c8, "Locked(address indexed sender, uint256 amount)"},
    {0x9f439ae0, "RebalanceStableBorrowRate(address indexed reserve, address indexed user)"},
    {0xa1c15688,
     "DynamicConfigSet((address feeQuoter, uint32 permissionLessExecutionThresholdSeconds, address "
     "messageInterceptor) dynamicConfig)"},
    {0xa2e43edc, "PreviousRampsUpdated(uint64 indexed remoteChainSelector, (address prevOnRamp, "
                 "address prevOffRamp) prevRamp)"},
    {0xa4bdf64e, "OffRampAdded(uint64 indexed sourceChainSelector, address offRamp)"},
    {0xa534c8db, "Repay(address indexed reserve, address indexed user, address indexed repayer, "
                 "uint256 amount, bool useATokens)"},
    {0xa56b7601, "TargetAdminDelayUpdated(address indexed target, uint32 delay, uint48 since)"},
    {0xa76ad0ad, "DefaultIsmSet(address indexed module)"},
    {0xa76f6541, "ATokenUpgraded(address indexed asset, address indexed proxy, address indexed "
                 "implementation)"},
    {0xa823809e, "OffRampRemoved(uint64 indexed sourceChainSelector, address offRamp)"},
    {0xa96a155b, "UnvotedToCurse(uint32 indexed configVersion, address indexed voter, bytes16 "
                 "subject, uint8 weight, bytes28 cursesHash, uint16 remainingAccumulatedWeight)"},
    {0xaaa40a23, "FeeDistributed(address tokenAddress, address recipient, uint256 amount)"},
    {0xaab4fa2b, "DisabledModule(address indexed module)"},
    {0xaab522ed, "SkippedReportExecution(uint64 sourceChainSelector)"},
    {0xab8b1b57, "ConfigSet(uint8 ocrPluginType, bytes32 configDigest, address[] signers, "
                 "address[] transmitters, uint8 F)"},
    {0xac49e518, "IncreaseObservationCardinalityNext(uint16 observationCardinalityNextOld, uint16 "
                 "observationCardinalityNextNew)"},
    {0xacd2c870, "ExecutionFromModuleFailure(address indexed module)"},
    {0xad139d49, "ValidatorsAndThresholdSet(address[] validators, uint8 threshold)"},
    {0xaef84d3b, "IsolationModeTotalDebtUpdated(address indexed asset, uint256 totalDebt)"},
    {0xb04e63db, "Transmitted(bytes32 configDigest, uint32 epoch)"},
    {0xb0fa1fb0, "StaticConfigSet((uint64 chainSelector, uint16 gasForCallExactCheck, address "
                 "rmnRemote, address tokenAdminRegistry, address nonceManager) staticConfig)"},
    {0xb19e051f, "Initialized(address indexed underlyingAsset, address indexed pool, address "
                 "treasury, address incentivesController, uint8 aTokenDecimals, string aTokenName, "
                 "string aTokenSymbol, bytes params)"},
    {0xb1e1b117, "CollateralMoved(uint32 indexed domain, bytes32 recipient, uint256 amount, "
                 "address indexed rebalancer)"},
    {0xb30efa04, "ACLManagerUpdated(address indexed oldAddress, address indexed newAddress)"},
    {0xb3d08482,
     "Borrow(address indexed reserve, address user, address indexed onBehalfOf, uint256 amount, "
     "uint8 interestRateMode, uint256 borrowRate, uint16 indexed referralCode)"},
    {0xb46e2b82, "ReserveFactorChanged(address indexed asset, uint256 oldReserveFactor, uint256 "
                 "newReserveFactor)"},
    {0xb532073b, "OwnerChanged(address indexed oldOwner, address indexed newOwner)"},
    {0xb5b0a963,
     "LiquidationProtocolFeeChanged(address indexed asset, uint256 oldFee, uint256 newFee)"},
    {0xb7075281, "CrosschainFungibleTransferSent(bytes32 indexed sendId, address indexed from, "
                 "bytes to, uint256 amount)"},
    {0xb8312868, "ProposalExecution(uint8 originDomainID, uint64 depositNonce, bytes32 dataHash, "
                 "bytes handlerResponse)"},
    {0xb840a1db, "WhitelistChanged(address whitelistAddress, bool isWhitelisted)"},
    {0xb8c9b44a, "AllowListAdminSet(address indexed allowlistAdmin)"},
    {0xb8e13888, "VoteCast(address indexed voter, uint256 proposalId, uint8 support, uint256 "
                 "weight, string reason)"},
    {0xb967c9b9,
     "CommitReportAccepted((uint64 sourceChainSelector, bytes onRampAddress, uint64 minSeqNr, "
     "uint64 maxSeqNr, bytes32 merkleRoot)[] blessedMerkleRoots, (uint64 sourceChainSelector, "
     "bytes onRampAddress, uint64 minSeqNr, uint64 maxSeqNr, bytes32 merkleRoot)[] "
     "unblessedMerkleRoots, ((address sourceToken, uint224 usdPerToken)[] tokenPriceUpdates, "
     "(uint64 destChainSelector, uint224 usdPerUnitGas)[] gasPriceUpdates) priceUpdates)"},
    {0xba20947a, "ReceivedTransferRemote(uint32 indexed origin, bytes32 indexed recipient, uint256 "
                 "amountOrId)"},
    {0xbaa1eb22, "Cancelled(bytes32 indexed id)"},
    {0xbabb0d70, "SkippedUnvoteToCurse(address indexed voter, bytes16 subject, bytes28 "
                 "onchainCursesHash, bytes28 cursesHash)"},
    {0xbaff4684, "AdvancedPoolHooksUpdated(address oldHook, address newHook)"},
    {0xbb77da6f,
     "PremiumMultiplierWeiPerEthUpdated(address indexed token, uint64 premiumMultiplierWeiPerEth)"},
    {0xbc7cd75a, "Upgraded(address indexed implementation)"},
    {0xbd1ab25a,
     "SourceChainConfigSet(uint64 indexed sourceChainSelector, (address router, bool isEnabled, "
     "uint64 minSeqNr, bool isRMNVerificationDisabled, bytes onRamp) sourceConfig)"},
    {0xbd231b7f, "FeeCollected(address sender, uint8 fromDomainID, uint8 destinationDomainID, "
                 "bytes32 resourceID, uint256 fee, address tokenAddress)"},
    {0xbd79b86f, "RoleAdminChanged(bytes32 indexed role, bytes32 indexed previousAdminRole, "
                 "bytes32 indexed newAdminRole)"},
    {0xbd9ac67a, "OperationCanceled(bytes32 indexed operationId, uint32 indexed nonce)"},
    {0xbdbdb71d, "Flash(address indexed sender, address indexed recipient, uint256 amount0, "
                 "uint256 amount1, uint256 paid0, uint256 paid1)"},
    {0xbf0d9e8e, "CrosschainFungibleTransferReceived(bytes32 indexed receiveId, bytes from, "
                 "address indexed to, uint256 amount)"},
    {0xbf9a9534, "FeeRecipientSet(address feeRecipient)"},
    {0xbfa21aa5, "MintedToTreasury(address indexed reserve, uint256 amountMinted)"},
    {0xc17cea59, "LiquidityAdded(address indexed provider, uint256 indexed amount)"},
    {0xc237ec19, "AllowListSendersRemoved(uint64 indexed destChainSelector, address[] senders)"},
    {0xc2617efa, "CallExecuted(bytes32 indexed id, uint256 indexed index, address target, uint256 "
                 "value, bytes data)"},
    {0xc2c3f06e, "LiquidityRemoved(address indexed provider, uint256 indexed amount)"},
    {0xc36c7d11, "ReserveActive(address indexed asset, bool active)"},
    {0xc3803387, "AuthorizedCallerRemoved(address caller)"},
    {0xc3de732a, "GasSet(uint32 domain, uint256 gas)"},
    {0xc42079f9, "Swap(address indexed sender, address indexed recipient, int256 amount0, int256 "
                 "amount1, uint160 sqrtPriceX96, uint128 liquidity, int24 tick)"},
    {0xc47cbcc5, "IsmSet(address _ism)"},
    {0xc51aca57,
     "BorrowCapChanged(address indexed asset, uint256 oldBorrowCap, uint256 newBorrowCap)"},
    {0xc54c3051, "AdministratorTransferRequested(address indexed token, address indexed "
                 "currentAdmin, address indexed newAdmin)"},
    {0xc66a3fdf, "FeeAmountEnabled(uint24 indexed fee, int24 indexed tickSpacing)"},
    {0xc6735cd4, "FastFinalityInboundRateLimitConsumed(uint64 indexed remoteChainSelector, address "
                 "token, uint256 amount)"},
    {0xc7372d2d,
     "ConfigSet((uint64 chainSelector, address rmnRemote, address nonceManager, address "
     "tokenAdminRegistry) staticConfig, (address feeQuoter, bool reentrancyGuardEntered, address "
     "messageInterceptor, address feeAggregator, address allowlistAdmin) dynamicConfig)"},
    {0xc853974c, "PoolDataProviderUpdated(address indexed oldAddress, address indexed newAddress)"},
    {0xc8ff3cc5, "ReserveFlashLoaning(address indexed asset, bool enabled)"},
    {0xc9d7123e, "ConfigSet((uint64 chainSelector, uint64 sourceChainSelector, address onRamp, "
                 "address rmnProxy) staticConfig, (address priceRegistry) dynamicConfig)"},
    {0xcbf3cbea, "TokenAggregateRateLimitRemoved(address sourceToken, address destToken)"},
    {0xcd1966d6, "ChangedModuleGuard(address indexed moduleGuard)"},
    {0xce7a780d, "FallbackOracleUpdated(address indexed fallbackOracle)"},
    {0xcfdbfd8c, "Cursed(uint32 indexed configVersion, bytes16 subject, uint64 blockTimestamp)"},
    {0xd0c3c799, "CCIPSendRequested((uint64 sourceChainSelector, address sender, address receiver, "
                 "uint64 sequenceNumber, uint256 gasLimit, bool strict, uint64 nonce, address "
                 "feeToken, uint256 feeTokenAmount, bytes data, (address token, uint256 amount)[] "
                 "tokenAmounts, bytes[] sourceTokenData, bytes32 messageId) message)"},
    {0xd229aacb, "SentTransferRemote(uint32 indexed destination, bytes32 indexed recipient, "
                 "uint256 amountOrId)"},
    {0xd32ddb11, "SkippedIncorrectNonce(uint64 indexed nonce, address indexed sender)"},
    {0xd4f85195, "ExecutionStateChanged(uint64 indexed sequenceNumber, bytes32 indexed messageId, "
                 "uint8 state, bytes returnData)"},
    {0xd5ad72bc, "DestChainConfigSet(uint64 indexed destChainSelector, uint64 sequenceNumber, "
                 "address router, bool allowlistEnabled)"},
    {0xd6e2f80c, "FeeHookSet(address feeHook)"},
    {0xd728da87, "UserEModeSet(address indexed user, uint8 categoryId)"},
    {0xd78ad95f, "Swap(address indexed sender, uint256 amount0In, uint256 amount1In, uint256 "
                 "amount0Out, uint256 amount1Out, address indexed to)"},
    {0xda919360, "BorrowAllowanceDelegated(address indexed fromUser, address indexed toUser, "
                 "address indexed asset, uint256 amount)"},
    {0xdb8dada5, "ReserveInterestRateStrategyChanged(address indexed asset, address oldStrategy, "
                 "address newStrategy)"},
    {0xdca89215, "PermaBlessedCommitStoreRemoved(address commitStore)"},
    {0xdcbc1c05,
     "Deposit(address indexed sender, address indexed owner, uint256 assets, uint256 shares)"},
    {0xdccd412f,
     "Burn(address indexed sender, uint256 amount0, uint256 amount1, address indexed to)"},
    {0xdd84a3fa,
     "UsdPerUnitGasUpdated(uint64 indexed destChain, uint256 value, uint256 timestamp)"},
    {0xddf252ad, "Transfer(address indexed from, address indexed to, uint256 value)"},
    {0xdf1b1bd3, "FeeTokenAdded(address indexed feeToken)"},
    {0xe188d542, "ReservePaused(address indexed asset, bool paused)"},
    {0xe27c4c13, "BaseCurrencySet(address indexed baseCurrency, uint256 baseCurrencyUnit)"},
    {0xe2babfba, "VoteCastWithParams(address indexed voter, uint256 proposalId, uint8 support, "
                 "uint256 weight, string reason, bytes params)"},
    {0xe3dd0bec, "SkippedAlreadyExecutedMessage(uint64 indexed sequenceNumber)"},
    {0xe413a321, "LiquidationCall(address indexed collateralAsset, address indexed debtAsset, "
                 "address indexed user, uint256 debtToCover, uint256 liquidatedCollateralAmount, "
                 "address liquidator, bool receiveAToken)"},
    {0xe44a2093,
     "SkippedSenderWithPreviousRampMessageInflight(uint64 indexed nonce, address indexed sender)"},
    {0xe685c8cd, "MarketIdSet(string indexed oldMarketId, string indexed newMarketId)"},
    {0xe6a7a17d, "PriceFeedPerTokenUpdated(address indexed token, (address dataFeedAddress, uint8 "
                 "tokenDecimals, bool isEnabled) priceFeedConfig)"},
    {0xe78d813a, "KeyRefresh(string hash)"},
    {0xe7e0c75e, "FlashloanPremiumToProtocolUpdated(uint128 oldFlashloanPremiumToProtocol, uint128 "
                 "newFlashloanPremiumToProtocol)"},
    {0xe7f46750, "SignMsg(bytes32 indexed msgHash)"},
    {0xe909ffa7, "LinkRegistered(address gateway, bytes counterpart)"},
    {0xe9cf5397, "ACLAdminUpdated(address indexed oldAddress, address indexed newAddress)"},
    {0xea59e802, "SequenceNumberSet(uint64 oldSeqNum, uint64 newSeqNum)"},
    {0xeb1b9b92, "AuthorizedCallerAdded(address caller)"},
    {0xecdc36fa, "ReceivedMessage(uint32 indexed origin, bytes32 indexed sender, uint256 indexed "
                 "value, string message)"},
    {0xecdf3a3e, "EnabledModule(address indexed module)"},
    {0xed8889f5, "OwnershipTransferRequested(address indexed from, address indexed to)"},
    {0xeeec4c06, "ReserveDropped(address indexed asset)"},
    {0xef31f568, "ARMSet(address arm)"},
    {0xefefaba5,
     "FlashLoan(address indexed target, address initiator, address indexed asset, uint256 amount, "
     "uint8 interestRateMode, uint256 premium, uint16 indexed referralCode)"},
    {0xf0d557bf, "LatestPriceEpochAndRoundSet(uint40 oldEpochAndRound, uint40 newEpochAndRound)"},
    {0xf1038c18, "DefaultAdminDelayChangeScheduled(uint48 newDelay, uint48 effectSchedule)"},
    {0xf1e7459d, "QuoteSignerRemoved(address signer)"},
    {0xf229baa5, "RoleRevoked(uint64 indexed roleId, address indexed account)"},
    {0xf25af37b, "MintUnbacked(address indexed reserve, address user, address indexed onBehalfOf, "
                 "uint256 amount, uint16 indexed referralCode)"},
    {0xf2a0eb15, "ApproveHash(bytes32 indexed approvedHash, address indexed owner)"},
    {0xf33bc26b, "LockedOrBurned(uint64 indexed remoteChainSelector, address token, address "
                 "sender, uint256 amount)"},
    {0xf4c1390c, "SourceChainSelectorAdded(uint64 sourceChainSelector)"},
    {0xf5791bc4, "TokenTransferFeeConfigSet((address token, uint32 minFeeUSDCents, uint32 "
                 "maxFeeUSDCents, uint16 deciBps, uint32 destGasOverhead, uint32 "
                 "destBytesOverhead, bool aggregateRateLimitEnabled)[] transferFeeConfig)"},
    {0xf6391f5c,
     "RoleRevoked(bytes32 indexed role, address indexed account, address indexed sender)"},
    {0xf6c6d1be, "ConfigSet(bytes32 indexed configDigest, uint32 version, ((bytes32 peerId, "
                 "bytes32 offchainPublicKey)[] nodes, bytes offchainConfig) staticConfig, ((uint64 "
                 "chainSelector, uint64 fObserve, uint256 observerNodesBitmap)[] sourceChains, "
                 "bytes offchainConfig) dynamicConfig)"},
    {0xf8d49fc5, "RemovedOwner(address indexed owner)"},
    {0xf98448b9, "RoleGranted(uint64 indexed roleId, address indexed account, uint32 delay, uint48 "
                 "since, bool newMember)"},
    {0xfae1e296, "TokenTransferFeeConfigUpdated(uint64 indexed destChainSelector, (uint32 "
                 "destGasOverhead, uint32 destBytesOverhead, uint32 finalityFeeUSDCents, uint32 "
                 "fastFinalityFeeUSDCents, uint16 finalityTransferFeeBps, uint16 "
                 "fastFinalityTransferFeeBps, bool isEnabled) tokenTransferFeeConfig)"},
    {0xfb95a004, "TokenTransferFeeConfigDeleted(address[] tokens)"},
    {0xfbde797d, "Withdraw(address indexed sender, address indexed receiver, address indexed "
                 "owner, uint256 assets, uint256 shares)"},
    {0xfc23abf7, "TokenAggregateRateLimitAdded(address sourceToken, address destToken)"},
    {0xfc3e98db, "ConfigPromoted(bytes32 indexed configDigest)"},
    {0xfc5e3a5b, "ReleasedOrMinted(uint64 indexed remoteChainSelector, address token, address "
                 "sender, address recipient, uint256 amount)"},
    {0xfeb69018, "RoleGrantDelayChanged(uint64 indexed roleId, uint32 delay, uint48 since)"},
    {0xff013338, "OutboundRateLimitConsumed(uint64 indexed remoteChainSelector, address token, "
                 "uint256 amount)"},
    {0xff7dbb85, "PriceUpdaterRemoved(address indexed priceUpdater)"},
};

struct table {
    const struct known *rows;
    size_t count;
};

static struct table table_of(enum c138_abi_what what) {
    switch (what) {
    case C138_ABI_FUNCTION:
        return (struct table){functions, C138_COUNT(functions)};
    case C138_ABI_EVENT:
        return (struct table){events, C138_COUNT(events)};
    case C138_ABI_ERROR:
        return (struct table){errors, C138_COUNT(errors)};
    default:
        return (struct table){NULL, 0};
    }
}

struct c138_abi_item *c138_abi_known(enum c138_abi_what what, const uint8_t *hash, size_t length,
                                     size_t nth) {
    struct table t = table_of(what);
    size_t low = 0, high = t.count;
    if (length < 4)
        return NULL;
    uint32_t selector =
        (uint32_t)hash[0] << 24 | (uint32_t)hash[1] << 16 | (uint32_t)hash[2] << 8 | hash[3];
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (t.rows[middle].selector < selector)
            low = middle + 1;
        else
            high = middle;
    }
    if (low + nth >= t.count || t.rows[low + nth].selector != selector)
        return NULL;
    struct c138_abi_item *item = c138_abi_known_at(what, low + nth);
    if (!item || (length >= 32 && memcmp(item->hash, hash, 32) != 0))
        return c138_abi_item_free(item);
    return item;
}

struct c138_abi_item *c138_abi_known_at(enum c138_abi_what what, size_t index) {
    static const char *const words[] = {
        [C138_ABI_FUNCTION] = "function", [C138_ABI_EVENT] = "event", [C138_ABI_ERROR] = "error"};
    struct table t = table_of(what);
    struct c138_abi_item *item = NULL;
    if (index >= t.count)
        return NULL;
    C138_FREE char *text = c138_xasprintf("%s %s", words[what], t.rows[index].text);
    (void)c138_abi_item_parse(text, &item, NULL);
    return item;
}
