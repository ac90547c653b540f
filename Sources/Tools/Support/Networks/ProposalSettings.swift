import DeepLabNet
import LatticeSupport

/// Where object proposals come from and what becomes of their scores; checked, but no boxes are
/// read yet.
package struct ProposalSettings: Sendable {
  /// Where the boxes come from.
  package enum Source: Sendable {
    case edges, grid
    /// Boxes of one image.
    case file(String)
    /// A file of boxes for each image, with the image's stem.
    case folder(String)

    /// - Parameters:
    ///   - option: edges, grid, or the path of a file or folder.
    ///   - place: who says so.
    /// - Throws: `InputError` where there is no such file or folder.
    package init(_ option: String, at place: String) throws {
      switch option {
      case "edges": self = .edges
      case "grid": self = .grid
      default:
        guard FileSystem.exists(option) else {
          throw InputError(
            .noInput, at: place, "is '\(option)', but there is no such file or folder",
            remedy: "choose edges or grid, or give a file of boxes, or a folder of such files")
        }
        self = FileSystem.isFolder(option) ? .folder(option) : .file(option)
      }
    }

    /// How files of boxes end in a folder, the preferred ones first.
    private static let endings = ["csv", "txt", "npy"]

    /// What proposes parts of the image at `path`.
    ///
    /// - Throws: `InputError` where there are no boxes for it.
    package func boxes(forImageAt path: String) throws -> any ProposalSource {
      switch self {
      case .edges: return try GradientProposals()
      case .grid: return try SlidingGrid()
      case .file(let path): return try ProposalFile(path)
      case .folder(let folder):
        let stem = FileSystem.split(FileSystem.name(of: path)).stem
        guard let file = FolderListing.file(stem, in: folder, endings: Self.endings) else {
          throw InputError(
            .noInput, at: path, "has no boxes in '\(folder)'",
            remedy: "files belong together by their stems: '\(stem).csv'")
        }
        return try ProposalFile(file)
      }
    }
  }

  package let source: Source
  package let options: ProposalOptions

  /// `nil` where the network looks at whole images.
  ///
  /// - Throws: `InputError` naming the option that cannot be followed.
  package init?(_ given: NetworkOptions) throws {
    guard let proposals = given.proposals else {
      try OptionCheck.refuse(
        [
          "--proposal-limit": given.proposalLimit != nil, "--aggregation": given.aggregation != nil,
        ], because: "says how proposals are looked at, but the network looks at whole images",
        remedy: "add --proposals edges, or leave it out")
      return nil
    }
    source = try Source(proposals, at: "--proposals")
    var options = ProposalOptions()
    if let limit = given.proposalLimit {
      guard limit >= 1 else {
        throw InputError(
          .usage, at: "--proposal-limit", "is \(limit)", remedy: "give at least 1")
      }
      options.limit = limit
    }
    if let aggregation = given.aggregation { options.aggregation = aggregation }
    self.options = options
  }

  /// As on the command line.
  package var description: String {
    switch source {
    case .edges: "edges"
    case .grid: "grid"
    case .file(let path), .folder(let path): path
    }
  }

  /// The file or folder of boxes, where there is one.
  package var path: String? {
    switch source {
    case .edges, .grid: nil
    case .file(let path), .folder(let path): path
    }
  }
}
