import Formats
import LatticeSupport
import Unaries

/// A checkpoint in a file of any of the formats that can be read.
public struct CheckpointFile: Checkpoint {
  /// The formats.
  public enum Format: String, Sendable, CaseIterable {
    /// Written by the safetensors library, and by `Safetensors.write`.
    case safetensors
    /// `torch.save`, in either of its forms.
    case pytorch
    /// NumPy's archives of arrays.
    case npz
    /// Caffe's models.
    case caffe

    /// In words, for people.
    public var words: String {
      switch self {
      case .safetensors: "safetensors"
      case .pytorch: "PyTorch checkpoint"
      case .npz: "NumPy archive"
      case .caffe: "Caffe model"
      }
    }
  }

  /// Which of them it is.
  public let format: Format
  /// The dictionary in the file that the tensors are from, such as `model_ema`; `nil` where there
  /// is but one.
  public let state: String?
  /// Other dictionaries with weights, which might have been meant.
  public let otherStates: [String]
  /// What the names of the tensors begin with in the file, where only some were asked for; empty
  /// where all are there.
  public let prefix: String
  private let contents: any Checkpoint

  /// Opens the checkpoint at `path` and reads the description of its tensors.
  ///
  /// The contents decide on the format; the name only where they leave it open. A warning says
  /// which of several dictionaries with weights is read, unless one is asked for.
  /// - Parameters:
  ///   - path: the file.
  ///   - state: the dictionary to read where a PyTorch checkpoint has several, such as `model_ema`;
  ///     keys of nested dictionaries are joined by dots.
  ///   - prefix: only the tensors whose names begin with it are read, and have their names without
  ///     it; a dot at its end is understood.
  /// - Throws: `InputError` where the file cannot be read, or is none of the formats, or is
  ///   damaged; or where no such dictionary or prefix is in it.
  public static func open(
    _ path: String, state: String? = nil, prefix: String? = nil
  ) throws -> CheckpointFile {
    let bytes = try StoredBytes(path)
    let format: Format
    do {
      format = try recognise(bytes)
    } catch let error as InputError {
      throw error.at(path)
    }
    let file = try open(bytes, format, path, state: state)
    if let other = file.otherStates.first, let state = file.state {
      let others = file.otherStates.map { quoted($0) }.joined(separator: ", ")
      InputWarning(
        at: path, "holds the weights \(quoted(state)), which are read, and also \(others)",
        remedy: "choose others with \(set: .state(other))"
      ).report()
    }
    let prefix = prefix.map { $0.isEmpty || $0.hasSuffix(".") ? $0 : $0 + "." } ?? ""
    guard !prefix.isEmpty else { return file }
    return CheckpointFile(
      format: format, state: file.state, otherStates: file.otherStates, prefix: prefix,
      contents: try RenamedCheckpoint(file.contents, behind: prefix))
  }

  private static func open(
    _ bytes: StoredBytes, _ format: Format, _ path: String, state: String?
  ) throws -> CheckpointFile {
    if format == .pytorch {
      let contents = try PyTorchCheckpoint(bytes, state: state)
      return CheckpointFile(
        format: format, state: contents.state, otherStates: contents.otherStates, prefix: "",
        contents: contents)
    }
    guard state == nil else {
      throw InputError(
        .usage, at: path,
        "has another format than PyTorch's (\(format.words)), and so no dictionary "
          + quoted(state ?? ""),
        remedy: """
          leave \(name: .state) out; \(name: .prefix) chooses among tensors by their names
          """)
    }
    let contents: any Checkpoint =
      switch format {
      case .safetensors: try SafetensorsCheckpoint(bytes)
      case .pytorch: preconditionFailure("a PyTorch checkpoint is read above")
      case .npz: try NPZCheckpoint(path)
      case .caffe: try CaffeCheckpoint(bytes)
      }
    return CheckpointFile(
      format: format, state: nil, otherStates: [], prefix: "", contents: contents)
  }

  /// Where the tensors come from: a file's path.
  public var place: String { contents.place }

  /// The tensors, in the file's order.
  public var entries: [CheckpointEntry] { contents.entries }

  /// What else the file says in words.
  public var metadata: [String: String] { contents.metadata }

  /// The values of one tensor as float32; see `Checkpoint`.
  public func values(of name: String) throws -> ParameterValues { try contents.values(of: name) }
}

extension CheckpointFile {
  private static let endings: [(ending: String, format: Format)] = [
    (".safetensors", .safetensors), (".pth", .pytorch), (".pt", .pytorch), (".npz", .npz),
    (".caffemodel", .caffe),
  ]

  static func recognise(_ bytes: StoredBytes) throws -> Format {
    let prefix = try bytes.prefix(FileKind.prefixLength)
    let kind = FileKind(prefix: prefix)
    let name = bytes.name.lowercased()
    let named = endings.first { name.hasSuffix($0.ending) }?.format
    guard !prefix.isEmpty else { throw unknown(kind) }
    if kind == .zip { return try recogniseArchive(bytes, named: named) }
    if isSafetensors(prefix, count: bytes.count) { return .safetensors }
    // A pickle says its protocol first.
    if prefix[0] == 0x80 { return .pytorch }
    if let named { return named }
    // A Caffe model begins with its name, or with a layer.
    let beginnings: [[UInt8]] = [[0x0A], [0x12], [0xA2, 0x06]]
    if case .other("something unknown") = kind, beginnings.contains(where: prefix.starts(with:)) {
      return .caffe
    }
    throw unknown(kind)
  }

  private static func recogniseArchive(_ bytes: StoredBytes, named: Format?) throws -> Format {
    do {
      return try ZipDirectory(bytes).names.contains(where: PyTorchArchive.isPickle)
        ? .pytorch : .npz
    } catch  where named == .npz {
      return .npz
    }
  }

  /// A length that fits, and then an object.
  private static func isSafetensors(_ prefix: [UInt8], count: Int) -> Bool {
    let lengthSize = SafetensorsHeader.lengthSize
    guard prefix.count > lengthSize, prefix[lengthSize] == UInt8(ascii: "{") else { return false }
    let length = prefix.prefix(lengthSize).reversed().reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
    return length <= UInt64(count - lengthSize)
  }

  private static func unknown(_ kind: FileKind) -> InputError {
    InputError(
      .data, "is not a checkpoint that is known here but seems to be \(kind.words)",
      remedy: "give a .safetensors, .pth, .npz or .caffemodel file")
  }
}
