import LatticeSupport

/// Mean field updates with any filter, compatibility and self term: one pass per stage.
package struct StagedEngine: MeanFieldEngine {
  private let messages: PairwiseMessages
  private var sums: ChannelField
  private var scratch: MessageScratch

  /// ∞ where filters skip pairs: what that changes is not followed.
  package let errorBound: Float

  package init(_ crf: DenseCRF) {
    messages = crf.messages
    errorBound = crf.omissions.isEmpty ? 0 : .infinity
    let unary = crf.unary.values
    sums = unary
    scratch = MessageScratch(points: unary.points, channels: unary.channels)
  }

  package mutating func start(_ energies: ChannelField, into marginals: inout ChannelField) {
    messages.softmax(of: energies, into: &marginals)
  }

  package mutating func step(
    _ energies: ChannelField, into marginals: inout ChannelField, _ request: UpdateRequest
  ) -> Float {
    sums = energies
    messages.add(of: marginals, to: &sums, scratch: &scratch)
    return messages.softmax(of: sums, into: &marginals)
  }
}
