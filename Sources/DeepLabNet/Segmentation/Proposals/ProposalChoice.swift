import LatticeSupport

/// Where object proposals come from and what becomes of their scores; no boxes are read yet.
public struct ProposalChoice: Sendable {
  /// Where the boxes come from.
  public enum Source: Sendable {
    /// The image's gradients: `GradientProposals`.
    case edges
    /// Squares all over the image: `SlidingGrid`.
    case grid
    /// A file with the boxes of one image.
    case file(String)
    /// A folder with a file of boxes for each image, of the image's stem.
    case folder(String)

    /// - Parameter name: edges, grid, or the path of a file or folder.
    /// - Throws: `InputError` where there is no such file or folder.
    public init(_ name: String) throws {
      switch name {
      case "edges": self = .edges
      case "grid": self = .grid
      default:
        guard FolderListing.exists(name) else {
          throw InputError(
            .noInput, "is '\(name)', but there is no such file or folder",
            remedy: "choose edges or grid, or give a file of boxes, or a folder of such files")
        }
        self = FolderListing.isFolder(name) ? .folder(name) : .file(name)
      }
    }

    /// How files of boxes end in a folder, the preferred ones first.
    private static let endings = ["csv", "txt", "npy"]

    /// What proposes parts of the image at `path`.
    ///
    /// - Throws: `InputError` where there are no boxes for it.
    public func boxes(forImageAt path: String) throws -> any ProposalSource {
      switch self {
      case .edges: return try GradientProposals()
      case .grid: return try SlidingGrid()
      case .file(let path): return try ProposalFile(path)
      case .folder(let folder):
        let stem = FolderListing.split(path).stem
        guard let file = FolderListing.file(stem, in: folder, endings: Self.endings) else {
          throw InputError(
            .noInput, at: path, "has no boxes in '\(folder)'",
            remedy: "files belong together by their stems: '\(stem).csv'")
        }
        return try ProposalFile(file)
      }
    }

    /// The file or folder of boxes, where there is one.
    public var path: String? {
      switch self {
      case .edges, .grid: nil
      case .file(let path), .folder(let path): path
      }
    }
  }

  /// Where the boxes come from.
  public var source: Source
  /// How they are looked at.
  public var options: ProposalOptions

  /// - Parameters:
  ///   - source: where the boxes come from.
  ///   - options: how they are looked at.
  public init(_ source: Source, options: ProposalOptions = ProposalOptions()) {
    self.source = source
    self.options = options
  }
}

extension ProposalChoice.Source: CustomStringConvertible {
  /// Its name, or its path.
  public var description: String {
    switch self {
    case .edges: "edges"
    case .grid: "grid"
    case .file(let path), .folder(let path): path
    }
  }
}
