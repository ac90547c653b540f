import Foundation
import LatticeSupport
import Pipeline
import TestSupport
import Testing

/// Files that are no plug-ins, each refused with a sentence of its own.
struct WrongFileTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func text(_ path: String) -> String {
    errorText { try Plugins.load(path: path) }
  }

  @Test("a file that is not there, a folder and an empty file")
  func missing() throws {
    #expect(text(folder.file("libx.so")).contains("libx.so: there is no such file"))
    #expect(text(folder.path).contains("is a folder"))
    #expect(text(try folder.write([], as: "empty.so")).contains("is empty"))
  }

  @Test("a name alone is a file here, and never looked for where libraries are")
  func nameAlone() {
    #expect(text("libc.so.6").contains("there is no such file"))
  }

  @Test("a source in C or Python, and bytes of anything else")
  func sources() throws {
    let c = try folder.write(Array("#include \"latticecrf_plugin.h\"\n".utf8), as: "plugin.c")
    #expect(text(c).contains("it is text; compile it first"))
    let python = try folder.write(Array("import latticecrf\n# and so on\n".utf8), as: "plugin.py")
    #expect(text(python).contains("plug-ins in Python are imported in Python"))
    let other = try folder.write([UInt8](0..<64), as: "other.so")
    #expect(text(other).contains("is not a shared library"))
  }

  /// The first bytes of an ELF file.
  private static func header(bits: UInt8 = 2, type: UInt8 = 3, machine: UInt8) -> [UInt8] {
    [0x7F, 0x45, 0x4C, 0x46, bits, 1, 1] + [UInt8](repeating: 0, count: 9)
      + [type, 0, machine, 0] + [UInt8](repeating: 0, count: 44)
  }

  #if os(Linux) && (arch(x86_64) || arch(arm64))
    #if arch(x86_64)
      private static let (own, ownName, other): (UInt8, String, UInt8) = (62, "x86-64", 183)
    #else
      private static let (own, ownName, other): (UInt8, String, UInt8) = (183, "aarch64", 62)
    #endif

    @Test("a library for another machine, of 32 bits, an object file and a program")
    func machines() throws {
      let foreign = text(try folder.write(Self.header(machine: Self.other), as: "a.so"))
      #expect(foreign.contains("but this program is for \(Self.ownName)"))
      #expect(foreign.contains(Self.other == 183 ? "is for aarch64" : "is for x86-64"))
      let narrow = text(try folder.write(Self.header(bits: 1, machine: 3), as: "b.so"))
      #expect(narrow.contains("is for x86 of 32 bits"))
      let object = text(try folder.write(Self.header(type: 1, machine: Self.own), as: "c.o"))
      #expect(object.contains("is an object file, which has not been linked yet"))
      let program = text(try folder.write(Self.header(type: 2, machine: Self.own), as: "d"))
      #expect(program.contains("is a program, not a shared library"))
    }

    @Test("a library that is cut off")
    func truncated() throws {
      let path = try folder.write(Self.header(machine: Self.own), as: "e.so")
      #expect(text(path).contains("cannot be loaded"))
    }
  #endif

  @Test(
    "a library without the symbol, one that lacks what it needs, and one that shows no table",
    .enabled(if: CompiledPlugin.compiler != nil))
  func libraries() throws {
    func library(_ source: String, _ name: String) throws -> String {
      let file = try folder.write(Array(source.utf8), as: name + ".c")
      try CompiledPlugin.compile(file, to: folder.file(name + ".so"))
      return folder.file(name + ".so")
    }
    let other = text(try library("int other = 1;", "other"))
    #expect(other.contains("is a shared library, but not a plug-in"))
    #expect(other.contains("has no symbol 'latticecrf_plugin'"))
    let lacking = text(
      try library(
        """
        #include "latticecrf_plugin.h"
        int not_there(void);
        const latticecrf_plugin_table *latticecrf_plugin(void) { return not_there() ? 0 : 0; }
        """, "lacking"))
    #expect(lacking.contains("cannot be loaded") && lacking.contains("not_there"))
    let null = text(
      try library(
        """
        #include "latticecrf_plugin.h"
        const latticecrf_plugin_table *latticecrf_plugin(void) { return 0; }
        """, "null"))
    #expect(null.contains("null.so: is a plug-in without a table"))
  }
}
