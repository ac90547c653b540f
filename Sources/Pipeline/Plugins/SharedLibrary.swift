import LatticePluginHeader
import LatticeSupport

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A shared library that was opened, its symbols its own.
struct SharedLibrary {
  private static let entry = "latticecrf_plugin"

  private let handle: UnsafeMutableRawPointer

  /// - Throws: `InputError` that says what the file is, where it is not a library for this machine.
  init(_ path: String) throws {
    try Self.check(path)
    // A name without a slash would be looked for where the system's libraries are.
    let place = path.contains("/") ? path : "./\(path)"
    guard let handle = place.withSystemPath({ dlopen($0, RTLD_NOW | RTLD_LOCAL) }) else {
      throw InputError(
        .data, at: path, "cannot be loaded: \(Self.lastError)",
        remedy: "link the plug-in with all that it needs; it needs nothing of this program")
    }
    self.handle = handle
  }

  /// What the plug-in shows.
  ///
  /// - Throws: `InputError` where it shows no plug-in.
  func table() throws -> UnsafePointer<latticecrf_plugin_table>? {
    guard let symbol = dlsym(handle, Self.entry) else {
      throw InputError(
        .data, "is a shared library, but not a plug-in: it has no symbol '\(Self.entry)'",
        remedy: "define it with LATTICECRF_PLUGIN_EXPORT, as latticecrf_plugin.h says; in C++ "
          + "within extern \"C\"")
    }
    typealias Entry = @convention(c) () -> UnsafePointer<latticecrf_plugin_table>?
    return unsafeBitCast(symbol, to: Entry.self)()
  }

  /// Of a library that is not used after all.
  func unload() { dlclose(handle) }

  private static var lastError: String {
    dlerror().map { String(cString: $0) } ?? "the system does not say why"
  }
}

// MARK: What a file is

extension SharedLibrary {
  /// The first bytes of an ELF file, as far as they are of use here.
  private enum Header {
    static let length = 20
    static let magic: [UInt8] = [0x7F, 0x45, 0x4C, 0x46]
    /// 1 for 32 bits, 2 for 64.
    static let bits = 4
    /// 1 for the least byte first, 2 for the greatest.
    static let order = 5
    /// 1 for an object file, 2 for a program at a fixed place, 3 for a shared library.
    static let type = 16
    static let machine = 18
  }

  private static let machines: [UInt16: String] = [
    3: "x86 of 32 bits", 8: "MIPS", 20: "PowerPC", 21: "PowerPC of 64 bits", 22: "s390",
    40: "ARM of 32 bits", 62: "x86-64", 183: "aarch64", 243: "RISC-V", 258: "LoongArch",
  ]

  #if arch(x86_64)
    private static let ownMachine: UInt16? = 62
  #elseif arch(arm64)
    private static let ownMachine: UInt16? = 183
  #else
    private static let ownMachine: UInt16? = nil
  #endif

  /// Looks at what the system would refuse with fewer words, or by running it first.
  private static func check(_ path: String) throws {
    let bytes = try firstBytes(of: path)
    guard !bytes.isEmpty else {
      throw InputError(.data, at: path, "is empty", remedy: "build the plug-in anew")
    }
    #if os(Linux)
      guard bytes.starts(with: Header.magic), bytes.count >= Header.length else {
        let isScript = path.hasSuffix(".py")
        let isText = bytes.allSatisfy { (0x20..<0x7F).contains($0) || (0x09...0x0D).contains($0) }
        throw InputError(
          .data, at: path,
          "is not a shared library: it is \(isText ? "text" : "no ELF file")",
          remedy: isScript
            ? "plug-ins in Python are imported in Python, where @latticecrf.kernel registers them"
            : isText
              ? "compile it first: cc -O2 -fPIC -shared -o libplugin.so plugin.c"
              : "name the .so file that was built for this machine")
      }
      try check(header: bytes, path)
    #endif
  }

  private static func check(header bytes: [UInt8], _ path: String) throws {
    func number(_ place: Int) -> UInt16 {
      bytes[Header.order] == 2
        ? UInt16(bytes[place]) << 8 | UInt16(bytes[place + 1])
        : UInt16(bytes[place + 1]) << 8 | UInt16(bytes[place])
    }
    let machine = number(Header.machine)
    if let ownMachine, machine != ownMachine || bytes[Header.bits] != 2 {
      let name = machines[machine] ?? "another machine (\(machine))"
      throw InputError(
        .data, at: path, "is for \(name), but this program is for \(machines[ownMachine] ?? "")",
        remedy: "compile the plug-in for this machine")
    }
    switch number(Header.type) {
    case 1:
      throw InputError(
        .data, at: path, "is an object file, which has not been linked yet",
        remedy: "link it: cc -shared -o libplugin.so \(path)")
    case 2:
      throw InputError(
        .data, at: path, "is a program, not a shared library",
        remedy: "compile the plug-in with -fPIC -shared")
    default: break
    }
  }

  /// - Throws: `InputError` where the file cannot be read.
  private static func firstBytes(of path: String) throws -> [UInt8] {
    let descriptor = retrying { path.withSystemPath { open($0, O_RDONLY | O_CLOEXEC) } }
    guard descriptor >= 0 else {
      let isMissing = errno == ENOENT || errno == ENOTDIR
      throw InputError(
        .noInput, at: path,
        isMissing ? "there is no such file" : "cannot be read: \(systemMessage())",
        remedy: isMissing ? "give the path of the plug-in's shared library" : "")
    }
    defer { close(descriptor) }
    return try [UInt8](unsafeUninitializedCapacity: Header.length) { buffer, count in
      let found = retrying { read(descriptor, buffer.baseAddress, Header.length) }
      guard found >= 0 else {
        let isFolder = errno == EISDIR
        throw InputError(
          .noInput, at: path, isFolder ? "is a folder" : "cannot be read: \(systemMessage())",
          remedy: isFolder ? "name the shared library in it" : "")
      }
      count = found
    }
  }
}
