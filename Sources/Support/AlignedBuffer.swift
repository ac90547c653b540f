/// A fixed-size block of memory that starts on a cache line.
///
/// The block is shared by reference; the value types built on it (`ChannelField` and others) copy
/// it before a write when it is not theirs alone. Inlinable, since a generic class that another
/// module does not specialise costs a metadata lookup for every element.
package final class AlignedBuffer<Element: BitwiseCopyable>: @unchecked Sendable {
  package let count: Int
  package let base: UnsafeMutablePointer<Element>
  /// The buffer that the memory belongs to, where it is not this one.
  @usableFromInline let owner: AlignedBuffer<Element>?

  /// Room for `count` elements, with unspecified contents.
  @inlinable package init(uninitialized count: Int) {
    precondition(count >= 0, "a buffer cannot hold \(count) elements")
    self.count = count
    let raw = allocateAligned(byteCount: max(1, count) * MemoryLayout<Element>.stride)
    base = raw.bindMemory(to: Element.self, capacity: max(1, count))
    owner = nil
  }

  /// The elements in `range` of another buffer, which shares its memory with this one.
  @inlinable package init(part range: Range<Int>, of whole: AlignedBuffer<Element>) {
    precondition(
      range.lowerBound >= 0 && range.upperBound <= whole.count,
      "\(range) outside a buffer of \(whole.count) elements")
    count = range.count
    base = whole.base + range.lowerBound
    owner = whole
  }

  @inlinable package convenience init(repeating value: Element, count: Int) {
    self.init(uninitialized: count)
    base.update(repeating: value, count: count)
  }

  /// Zeros, that is, elements whose bytes are all 0.
  @inlinable package convenience init(zeros count: Int) {
    self.init(uninitialized: count)
    clear(0..<count)
  }

  /// Sets the bytes of the elements in `range` to 0.
  @inlinable package func clear(_ range: Range<Int>) {
    assert(range.lowerBound >= 0 && range.upperBound <= count)
    let size = MemoryLayout<Element>.stride
    UnsafeMutableRawPointer(base + range.lowerBound).initializeMemory(
      as: UInt8.self, repeating: 0, count: range.count * size)
  }

  @inlinable package convenience init(copying other: AlignedBuffer<Element>) {
    self.init(uninitialized: other.count)
    base.update(from: other.base, count: count)
  }

  @inlinable package convenience init(copying values: [Element]) {
    self.init(uninitialized: values.count)
    values.withUnsafeBufferPointer { values in
      if let first = values.baseAddress { base.update(from: first, count: count) }
    }
  }

  /// All elements; valid while the buffer is.
  package var bufferPointer: UnsafeMutableBufferPointer<Element> {
    UnsafeMutableBufferPointer(start: base, count: count)
  }

  @inlinable deinit {
    guard owner == nil else { return }
    deallocateAligned(
      UnsafeMutableRawPointer(base), byteCount: max(1, count) * MemoryLayout<Element>.stride)
  }

  @inlinable package subscript(index: Int) -> Element {
    get {
      assert(index >= 0 && index < count)
      return base[index]
    }
    set {
      assert(index >= 0 && index < count)
      base[index] = newValue
    }
  }
}
