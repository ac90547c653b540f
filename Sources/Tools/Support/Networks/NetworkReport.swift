import DeepLabNet
import Foundation
import LatticeSupport

/// What a network was and how it was used, for people and as JSON.
package struct NetworkReport: Encodable {
  private let model: String
  private let weights: String
  private let keyScheme: String
  /// The dictionary of the checkpoint that was read; absent where there is but one.
  private let state: String?
  /// The tensors of the checkpoint that were not taken.
  private let leftOut: [String]
  private let classes: Int
  private let classNames: [String]?
  private let outputStride: Int
  /// What was learned with the network to refine its scores; absent where nothing was.
  private let refinement: LearnedRefinement?
  private let scales: [Double]
  private let flip: Bool
  /// In pixels; absent for whole images.
  private let tile: Int?
  private let overlap: Int?
  private let convolution: String
  /// Where object proposals come from, how many at most, and how they are aggregated; absent for
  /// whole images.
  private let proposals: String?
  private let proposalLimit: Int?
  private let aggregation: String?

  package init(_ network: LoadedNetwork) {
    let (views, proposals) = (network.views, network.scorer.proposals)
    model = network.entry.name
    weights = network.weights
    keyScheme = network.naming
    state = network.state
    leftOut = network.leftOut
    classes = network.classCount
    classNames = network.classNames
    outputStride = network.outputStride.pixels
    refinement = network.refinement
    scales = views.scales
    flip = views.isFlipped
    tile = views.tiles?.size
    overlap = views.tiles?.overlap
    convolution = views.algorithm?.rawValue ?? ConvolutionChoice.auto.rawValue
    self.proposals = proposals?.source.description
    proposalLimit = proposals?.options.limit
    aggregation = proposals?.options.aggregation.rawValue
  }

  /// For people.
  package var lines: String {
    let views =
      (scales == [1]
        ? [] : ["scales " + scales.map { String(format: "%g", $0) }.joined(separator: ", ")])
      + (flip ? ["mirrored"] : [])
      + (proposals.map { ["up to \(proposalLimit ?? 0) proposals (\($0))"] } ?? [])
      + (tile.map { ["tiles of \($0) sharing \(overlap ?? 0)"] } ?? [])
    let names = classNames.map { " (\($0.joined(separator: ", ")))" } ?? ""
    let refinement = refinement.map { "\n         refined by \($0.summary)" } ?? ""
    let state = state.map { ", \(visibleText($0))" } ?? ""
    let leftOut =
      leftOut.isEmpty ? "" : "\n         left out: \(CheckpointFile.summary(of: leftOut))"
    return """
      network  \(([model] + views).joined(separator: ", "))
               classes \(classes)\(names)
               output stride \(outputStride)\(refinement)
      weights  \(FolderListing.name(of: weights))\(state): names as in \(keyScheme)\(leftOut)
      """
  }
}
